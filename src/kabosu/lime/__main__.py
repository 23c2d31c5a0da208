"""``python -m kabosu.lime migrate FILE...``: rewrite imports of lime."""

import sys

from kabosu.lime.migrate import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
