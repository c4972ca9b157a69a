// Verifies a fetched log, and evidence from it, with Go's golang.org/x/mod/sumdb packages and nothing of Hansa.
//
//	verify [-quorum K] DIR [FILE…]
//
// DIR is laid out as C2SP tlog-tiles, with DIR/vkeys.txt: the log's key first, then its witnesses'. Checked are the
// log's signature, K cosignatures, the root rebuilt from the entries, every hash tile byte by byte, and each FILE:
// openings/INDEX.FIELD.json is what an entry commits to, any other a receipt (C2SP tlog-proof, its leaf as extra data).
// Exit code 0, or 1 with the file at fault on stderr.
//
//	verify -write N DIR
//
// writes a log of N entries with the same packages, and a receipt of each, for other readers to check.
package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// tilePath is the C2SP path of a tile; Go's own also names the height.
func tilePath(level string, number int64, width int) string {
	path := fmt.Sprintf("%03d", number%1000)
	for number >= 1000 {
		number /= 1000
		path = fmt.Sprintf("x%03d/%s", number%1000, path)
	}
	if width < tileWidth {
		path = fmt.Sprintf("%s.p/%d", path, width)
	}
	return filepath.Join("tile", level, path)
}

// grown keeps a tree's hashes in memory, in the order that package tlog asks for.
type grown struct{ stored []tlog.Hash }

func (g *grown) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for place, index := range indexes {
		found[place] = g.stored[index]
	}
	return found, nil
}

func (g *grown) add(number int64, entry []byte) error {
	hashes, err := tlog.StoredHashes(number, entry, g)
	g.stored = append(g.stored, hashes...)
	return err
}

func entriesOf(bundle []byte) ([][]byte, error) {
	var entries [][]byte
	for len(bundle) > 0 {
		if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
			return nil, errors.New("an entry is cut short")
		}
		end := 2 + int(binary.BigEndian.Uint16(bundle))
		entries = append(entries, bundle[2:end])
		bundle = bundle[end:]
	}
	return entries, nil
}

// readEntries reads every entry below dir, in order, and hashes it.
func readEntries(dir string, size int64) ([][]byte, *grown, error) {
	var all [][]byte
	tree := &grown{}
	for number := int64(0); number*tileWidth < size; number++ {
		width := tileWidth
		if left := size - number*tileWidth; left < tileWidth {
			width = int(left)
		}
		path := tilePath("entries", number, width)
		bundle, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			return nil, nil, err
		}
		entries, err := entriesOf(bundle)
		if err != nil || len(entries) != width {
			return nil, nil, fmt.Errorf("%s: holds %d entries, not %d (%v)", path, len(entries), width, err)
		}
		for _, entry := range entries {
			if err := tree.add(int64(len(all)), entry); err != nil {
				return nil, nil, err
			}
			all = append(all, entry)
		}
	}
	return all, tree, nil
}

// tilesOf gives the tiles of a tree, full ones and the widest partial one of each level; Go's NewTiles gives them all.
func tilesOf(size int64) []tlog.Tile {
	var tiles []tlog.Tile
	for level := 0; size > 0; level++ {
		for first := int64(0); first < size; first += tileWidth {
			tile := tlog.Tile{H: tileHeight, L: level, N: first / tileWidth, W: tileWidth}
			if size-first < tileWidth {
				tile.W = int(size - first)
			}
			tiles = append(tiles, tile)
		}
		size /= tileWidth
	}
	return tiles
}

func checkTiles(dir string, size int64, tree *grown) error {
	for _, tile := range tilesOf(size) {
		wanted, err := tlog.ReadTileData(tile, tree)
		if err != nil {
			return err
		}
		path := tilePath(strconv.Itoa(tile.L), tile.N, tile.W)
		found, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			return err
		}
		if !bytes.Equal(found, wanted) {
			return fmt.Errorf("%s: is not what its entries hash to", path)
		}
	}
	return nil
}

func checkLog(dir string, known keys, quorum int) ([][]byte, error) {
	text, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return nil, err
	}
	signed, err := openCheckpoint(text, known, quorum)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	entries, tree, err := readEntries(dir, signed.N)
	if err != nil {
		return nil, err
	}
	root, err := tlog.TreeHash(signed.N, tree)
	if err != nil {
		return nil, err
	}
	if root != signed.Hash {
		return nil, errors.New("tile/entries: the entries do not hash to the root that was signed")
	}
	return entries, checkTiles(dir, signed.N, tree)
}

func verify(dir string, files []string, quorum int) error {
	known, err := readKeys(filepath.Join(dir, "vkeys.txt"))
	if err != nil {
		return fmt.Errorf("vkeys.txt: %w", err)
	}
	entries, err := checkLog(dir, known, quorum)
	if err != nil {
		return err
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := checkEvidence(path, text, entries, known); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	fmt.Printf("%d entries and %d files hold\n", len(entries), len(files))
	return nil
}

func main() {
	quorum := flag.Int("quorum", 0, "how many witnesses have to have cosigned the checkpoint")
	size := flag.Int64("write", 0, "write a log of that many entries instead")
	flag.Parse()
	if flag.NArg() < 1 {
		fmt.Fprintln(os.Stderr, "usage: verify [-quorum K] DIR [FILE…]\n       verify -write N DIR")
		os.Exit(2)
	}
	var err error
	if *size > 0 {
		err = write(flag.Arg(0), *size)
	} else {
		err = verify(flag.Arg(0), flag.Args()[1:], *quorum)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
