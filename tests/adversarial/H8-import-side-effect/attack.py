from pathlib import Path

Path("canary").write_text("whoever looked at this file has run it")
raise RuntimeError("and got no function for it")
