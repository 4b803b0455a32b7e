"""Makes acids-rave's own streaming module of an untrained model, for a comparison of speed.

export_rave.py CONFIG OUT [KEY=VALUE…]: CONFIG is a name such as v2, or several joined with +; settings are those
of the original (CAPACITY=32). Writes a run with random weights to a temporary folder, exports it as `rave export
--streaming` does, and leaves the module as OUT.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import warnings

warnings.filterwarnings("ignore")


def write_run(folder, configs, bindings):
    with contextlib.redirect_stdout(sys.stderr):
        import cached_conv as cc
        import gin
        import rave
        import torch

        root = os.path.dirname(rave.__file__)
        for path in (root, os.path.join(root, "configs"), os.path.join(root, "configs", "augmentations")):
            gin.add_config_file_search_path(path)
        cc.use_cached_conv(False)
        gin.parse_config_files_and_bindings([name + ".gin" for name in configs], bindings)
        model = rave.RAVE(n_channels=1).eval()
        # All latents are shown: the first `fidelity` that is large enough is the last.
        model.fidelity.copy_(torch.linspace(0, 1, len(model.fidelity)))
        text = gin.operative_config_str()
    checkpoints = os.path.join(folder, "version_0", "checkpoints")
    os.makedirs(checkpoints)
    with open(os.path.join(folder, "config.gin"), "w") as file:
        file.write(text)
    torch.save({"state_dict": model.state_dict(), "callbacks": {}}, os.path.join(checkpoints, "best.ckpt"))


def main():
    configs, out, bindings = sys.argv[1].split("+"), sys.argv[2], sys.argv[3:]
    with tempfile.TemporaryDirectory() as folder:
        run = os.path.join(folder, "run")
        write_run(run, configs, bindings)
        command = [os.path.join(os.path.dirname(sys.executable), "rave"), "export", "--run", run, "--streaming"]
        subprocess.run([*command, "--fidelity", ".999", "--output", folder, "--name", "made"], check=True, stdout=sys.stderr)
        shutil.move(os.path.join(folder, "made_streaming.ts"), out)


main()
