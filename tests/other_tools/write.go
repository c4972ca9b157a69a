// A log made by Go's packages alone.
package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const origin = "go.example/log"

func put(dir, path string, content []byte) error {
	path = filepath.Join(dir, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o600)
}

// write makes DIR/checkpoint, DIR/vkeys.txt, DIR/tile/… and DIR/receipts/INDEX.
func write(dir string, size int64) error {
	private, public, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return err
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		return err
	}
	tree := &grown{}
	entries := make([][]byte, size)
	for number := range entries {
		entries[number] = []byte(fmt.Sprintf("entry %d", number))
		if err := tree.add(int64(number), entries[number]); err != nil {
			return err
		}
	}
	root, err := tlog.TreeHash(size, tree)
	if err != nil {
		return err
	}
	checkpoint, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", origin, size, root)}, signer)
	if err != nil {
		return err
	}
	if err := put(dir, "checkpoint", checkpoint); err != nil {
		return err
	}
	if err := put(dir, "vkeys.txt", []byte(public+"\n")); err != nil {
		return err
	}
	if err := writeTiles(dir, tree, entries); err != nil {
		return err
	}
	return writeReceipts(dir, tree, entries, checkpoint)
}

func writeTiles(dir string, tree *grown, entries [][]byte) error {
	for _, tile := range tilesOf(int64(len(entries))) {
		data, err := tlog.ReadTileData(tile, tree)
		if err != nil {
			return err
		}
		if err := put(dir, tilePath(strconv.Itoa(tile.L), tile.N, tile.W), data); err != nil {
			return err
		}
		if tile.L > 0 {
			continue
		}
		var bundle []byte
		for _, entry := range entries[tile.N*tileWidth : tile.N*tileWidth+int64(tile.W)] {
			bundle = binary.BigEndian.AppendUint16(bundle, uint16(len(entry)))
			bundle = append(bundle, entry...)
		}
		if err := put(dir, tilePath("entries", tile.N, tile.W), bundle); err != nil {
			return err
		}
	}
	return nil
}

func writeReceipts(dir string, tree *grown, entries [][]byte, checkpoint []byte) error {
	for index, entry := range entries {
		proof, err := tlog.ProveRecord(int64(len(entries)), int64(index), tree)
		if err != nil {
			return err
		}
		var text strings.Builder
		fmt.Fprintf(&text, "c2sp.org/tlog-proof@v1\nextra %s\nindex %d\n", base64.StdEncoding.EncodeToString(entry), index)
		for _, hash := range proof {
			fmt.Fprintf(&text, "%s\n", hash)
		}
		fmt.Fprintf(&text, "\n%s", checkpoint)
		if err := put(dir, filepath.Join("receipts", strconv.Itoa(index)), []byte(text.String())); err != nil {
			return err
		}
	}
	return nil
}
