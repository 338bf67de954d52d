"""Says what it was given and exits with the status that its first argument names."""

import os
import sys

given = sys.stdin.read()
sys.stdout.write("%s|%s|%s" % (",".join(sys.argv[1:]), given, os.environ["AIN_REQUEST"]))
sys.stderr.write("said")
if __name__ == "__main__":
    with open("/ain/out/made", "w") as made:
        made.write(given)
sys.exit(int(sys.argv[1]))
