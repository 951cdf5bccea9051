package found

func init() { group("/init") }

func init() {
	func() { group("/init-closure") }()
}
