"""Runs an exported agent in onnxruntime on the states of an episode, and compares it with Maquette.

    cargo run --release -p models --example agent_case -- WEIGHTS agent.onnx cases.json
    python benches/agents/same_actions_onnx.py agent.onnx cases.json
"""

import json
import sys

import numpy as np
import onnxruntime


def main(graph: str, cases: str) -> None:
    with open(cases) as file:
        all_cases = json.load(file)
    rows = all_cases["rows"]
    seen = np.array([row["seen"] for row in rows], dtype=np.float32)
    if all_cases["picture"]:
        height, width = all_cases["picture"]
        seen = seen.reshape(len(rows), height, width, -1).transpose(0, 3, 1, 2)
    session = onnxruntime.InferenceSession(graph)
    names = [output.name for output in session.get_outputs()]
    found = dict(zip(names, session.run(None, {"observation": np.ascontiguousarray(seen)})))
    expected = np.array([row["policy"] for row in rows])
    if "logits" in found:
        shifted = np.exp(found["logits"] - found["logits"].max(axis=1, keepdims=True))
        policy = shifted / shifted.sum(axis=1, keepdims=True)
        print(f"largest difference of a probability: {np.abs(policy - expected).max():.2e}")
        values = np.array([row["value"] for row in rows])
        print(f"largest difference of a value: {np.abs(found['value'][:, 0] - values).max():.2e}")
    else:
        policy = found.get("q_values", found.get("advantages"))
    same = (policy.argmax(axis=1) == expected.argmax(axis=1)).sum()
    print(f"same best action: {same} of {len(rows)}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
