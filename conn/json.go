package conn

import (
	"context"
	"encoding/json"
	"fmt"
)

// WriteJSON sends v as a text message of JSON.
func (c *Conn) WriteJSON(ctx context.Context, v any) error {
	p, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("conn: write JSON: %w", err)
	}
	return c.Write(ctx, Text, p)
}

// ReadJSON reads the next message, of either type, and decodes it into v as
// json.Unmarshal does. A message that isn't JSON, or doesn't fit v, gives an
// error of encoding/json's, and the connection stays usable.
func (c *Conn) ReadJSON(ctx context.Context, v any) error {
	_, p, err := c.Read(ctx)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(p, v); err != nil {
		return fmt.Errorf("conn: read JSON: %w", err)
	}
	return nil
}
