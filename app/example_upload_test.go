package app_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// Upload writes each binary message to a file.
type Upload struct{ File string }

func (u *Upload) OnBinary(c *app.Conn, data []byte) error {
	if err := os.WriteFile(u.File, data, 0o600); err != nil {
		return c.Close(conn.CodeInternalError, "保存失败: "+err.Error())
	}
	return c.SendText("文件保存成功")
}

func ExampleServer_upload() {
	dir, err := os.MkdirTemp("", "upload")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	server, err := app.New(app.Config{
		Addr:   "127.0.0.1:0",
		Limits: conn.Config{MaxMessageSize: 50 << 20},
	})
	if err != nil {
		log.Fatal(err)
	}
	err = server.Router().Add(
		app.Endpoint{Path: "/good", New: func() any { return &Upload{filepath.Join(dir, "upload.bin")} }},
		app.Endpoint{Path: "/bad", New: func() any { return &Upload{filepath.Join(dir, "missing", "upload.bin")} }},
	)
	if err != nil {
		log.Fatal(err)
	}
	if err := server.Listen(); err != nil {
		log.Fatal(err)
	}
	go server.ServeForever()

	ctx := context.Background()
	for _, path := range []string{"/good", "/bad"} {
		client, err := conn.Dial(ctx, "ws://"+server.Addr().String()+path)
		if err != nil {
			log.Fatal(err)
		}
		client.Write(ctx, conn.Binary, make([]byte, 3<<20))
		_, text, err := client.Read(ctx)
		if e, ok := errors.AsType[*app.CloseError](err); ok {
			what, _, _ := strings.Cut(e.Reason, ":")
			fmt.Println(e.Code, what)
			continue
		}
		fmt.Println(string(text))
		client.Close(ctx, conn.CodeNormal, "")
	}
	server.Shutdown(ctx)
	// Output:
	// 文件保存成功
	// 1011 internal error 保存失败
}
