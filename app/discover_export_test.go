package app

var (
	IsInit       = isInit
	MainModuleOf = mainModuleOf
)
