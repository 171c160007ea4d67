"""Torch's own generators, from which dropout layers draw that were given no seed."""

import contextlib

import torch


def generator_states():
    """Returns where the generators stand."""
    devices = range(torch.cuda.device_count()) if torch.cuda.is_available() else ()
    return torch.get_rng_state(), [torch.cuda.get_rng_state(device) for device in devices]


@contextlib.contextmanager
def generators_at(states=None):
    """Within, the generators go on from `states`, or for None from elsewhere; after, from where they were."""
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices):
        if states is None:
            torch.manual_seed(int(torch.randint(2**62, ())))
        else:
            torch.set_rng_state(states[0])
            for device, state in zip(devices, states[1], strict=True):
                torch.cuda.set_rng_state(state, device)
        yield
