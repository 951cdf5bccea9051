package app

import (
	"fmt"

	"github.com/godwit-ws/godwit/store"
)

// NodeStorage is a kind of store by the number that the Python library has for it:
// its STORAGE_MODE.
type NodeStorage int

// The kinds.
const (
	NodeStorageDisk   NodeStorage = 0 // data/received_messages.json
	NodeStorageMemory NodeStorage = 1
)

// Open opens a store of this kind for NodeConfig.Store. Errors are those of
// store.OpenDisk, or say that there is no such kind.
func (s NodeStorage) Open(cfg store.Config) (store.Store, error) {
	switch s {
	case NodeStorageDisk:
		d, err := store.OpenDisk(cfg)
		if err != nil {
			return nil, err // a nil *Disk in a Store would not be nil
		}
		return d, nil
	case NodeStorageMemory:
		return store.NewMemory(cfg), nil
	}
	return nil, fmt.Errorf("app: storage mode %d is neither %d (disk) nor %d (memory)", s, NodeStorageDisk, NodeStorageMemory)
}
