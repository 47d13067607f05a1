package inject

import "os"

// listSeparator stands between the folders of a list.
const listSeparator = os.PathListSeparator
