// What an analyst or an auditor holds beside the log: receipts, and disclosed fields of entries.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

func checkEvidence(path string, text []byte, entries [][]byte, known keys) error {
	if filepath.Base(filepath.Dir(path)) != "openings" {
		return checkReceipt(text, known)
	}
	index, rest, _ := strings.Cut(filepath.Base(path), ".")
	return checkDisclosure(index, strings.TrimSuffix(rest, ".json"), text, entries)
}

// checkReceipt checks a tlog-proof whose extra data is the leaf, under the checkpoint that it carries.
func checkReceipt(text []byte, known keys) error {
	head, checkpoint, found := bytes.Cut(text, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !found || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" ||
		!strings.HasPrefix(lines[1], "extra ") || !strings.HasPrefix(lines[2], "index ") {
		return errors.New("it is no tlog-proof with extra data")
	}
	leaf, err := base64.StdEncoding.Strict().DecodeString(strings.TrimPrefix(lines[1], "extra "))
	if err != nil {
		return err
	}
	index, err := number(strings.TrimPrefix(lines[2], "index "))
	if err != nil {
		return err
	}
	var proof tlog.RecordProof
	for _, line := range lines[3:] {
		value, err := hash(line)
		if err != nil {
			return err
		}
		proof = append(proof, value)
	}
	tree, err := openCheckpoint(checkpoint, known, 0)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(leaf))
}

// checkDisclosure checks that the entry committed to this very value: the digest in the leaf is the SHA-256 of the
// JSON list of salt, field and value. All three are taken as they are spelled.
func checkDisclosure(index, field string, text []byte, entries [][]byte) error {
	place, err := number(index)
	if err != nil || place >= int64(len(entries)) {
		return fmt.Errorf("there is no entry %s", index)
	}
	var leaf struct{ Opening map[string]string }
	var shown struct{ Field, Salt, Value json.RawMessage }
	if err := json.Unmarshal(entries[place], &leaf); err != nil {
		return err
	}
	if err := json.Unmarshal(text, &shown); err != nil {
		return err
	}
	if string(text) != fmt.Sprintf(`{"field":%s,"salt":%s,"value":%s}`, shown.Field, shown.Salt, shown.Value) ||
		string(shown.Field) != fmt.Sprintf("%q", field) {
		return errors.New("it is no disclosure of that field")
	}
	digest := sha256.Sum256([]byte(fmt.Sprintf("[%s,%s,%s]", shown.Salt, shown.Field, shown.Value)))
	if leaf.Opening[field] != hex.EncodeToString(digest[:]) {
		return errors.New("the entry does not commit to this value")
	}
	return nil
}
