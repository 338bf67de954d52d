"""Trains a small network on the processor, from a fixed seed, until its loss on points it was not trained on is below what is asked.

Leaves /ain/out/model.json, the weights, and /ain/out/loss.json, the loss that it states.
"""

import argparse
import json
import sys

import torch


def points(seed, count):
    """The function that is learned, at random places."""
    places = torch.rand(count, 1, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return places, torch.sin(3 * places) + 0.5 * places * places


def network():
    return torch.nn.Sequential(torch.nn.Linear(1, 32), torch.nn.Tanh(), torch.nn.Linear(32, 1))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--loss", type=float, required=True, help="loss that is good enough")
    parser.add_argument("--steps", type=int, default=2000, help="most steps")
    options = parser.parse_args()

    torch.manual_seed(1)
    torch.use_deterministic_algorithms(True)
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    places, values = points(seed=2, count=256)
    held_out = points(seed=3, count=256)
    for step in range(options.steps + 1):
        if step % 50 == 0:
            with torch.no_grad():
                loss = torch.nn.functional.mse_loss(model(held_out[0]), held_out[1]).item()
            print("step %d: loss %.6f" % (step, loss))
            if loss <= options.loss:
                break
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(model(places), values).backward()
        optimizer.step()
    with open("/ain/out/model.json", "w") as out:
        json.dump({name: weights.tolist() for name, weights in model.state_dict().items()}, out)
    with open("/ain/out/loss.json", "w") as out:
        json.dump({"loss": loss}, out)
    return 0 if loss <= options.loss else 1


if __name__ == "__main__":
    sys.exit(main())
