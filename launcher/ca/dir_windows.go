package ca

import "os"

// owned has no simple answer here; a user's temporary folder is the user's.
func owned(os.FileInfo) bool { return true }

// identity is not told by what is known of a file here.
func identity(os.FileInfo) any { return nil }
