"""Resampling on torch."""

import torch


def rows(table, index):
    """Returns rows of a matrix; every index is within."""
    return torch.index_select(table, 0, index.reshape(-1)).reshape(*index.shape, table.shape[-1])


def bilinear(table, x, y, ops):
    """Returns the colours at points; see `_interpolation.bilinear`."""
    height, width = table.shape[1:3]
    # −1 and 1 are the middles of the first and last pixel.
    grid = torch.stack([x * (2 / (width - 1)) - 1, y * (2 / (height - 1)) - 1], dim=-1)
    colours = torch.nn.functional.grid_sample(table.permute(0, 3, 1, 2).to(torch.float32), grid, align_corners=True)
    return colours.permute(0, 2, 3, 1)


def barrier(tensors):
    """Returns `tensors`: what is not compiled computes everything once."""
    return tensors


def once(make, images, numbers, shape, dtype):
    """Returns `make(images)`: what is not compiled computes everything once."""
    return make(images)
