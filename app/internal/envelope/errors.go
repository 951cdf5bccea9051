package envelope

// Fault is why a message is refused: the text that its sender is told.
type Fault struct{ Reason string }

func (f *Fault) Error() string { return "envelope: " + f.Reason }

// What Read finds.
var (
	errSyntax    = &Fault{"无效的JSON"}
	errNotObject = &Fault{"不是JSON对象"}
)

// Invalid is the fault of a message that isn't right JSON, where it was found by
// somebody else.
func Invalid() *Fault { return errSyntax }

func missing(key string) *Fault { return &Fault{"缺少字段: " + key} }

func notText(key string) *Fault { return &Fault{"字段类型错误: " + key + " 应为字符串"} }

func notTime(text string) *Fault {
	return &Fault{"字段类型错误: " + KeyTime + " 应为ISO 8601时间, 收到 " + text}
}
