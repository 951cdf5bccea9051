package found

var _ = group("/helped")

var _ = func() int { group("/closure"); return 0 }()
