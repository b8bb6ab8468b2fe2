// SPDX-License-Identifier: Apache-2.0

// reader FOLDER: the bytes of all files that everybody may read, then all links, each in the order of their paths.
package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"sort"
)

func main() {
	var files, links []string
	err := filepath.WalkDir(os.Args[1], func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && d.Type().IsRegular() && info.Mode().Perm()&0444 == 0444 {
			files = append(files, path)
		} else if d.Type()&fs.ModeSymlink != 0 {
			links = append(links, path)
		}
		return err
	})
	sort.Strings(files)
	sort.Strings(links)
	for i := 0; err == nil && i < len(files); i++ {
		var bytes []byte
		if bytes, err = os.ReadFile(files[i]); err == nil {
			_, err = os.Stdout.Write(bytes)
		}
	}
	for i := 0; err == nil && i < len(links); i++ {
		var to string
		if to, err = os.Readlink(links[i]); err == nil {
			_, err = os.Stdout.WriteString(links[i] + " -> " + to + "\n")
		}
	}
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
}
