"""Values with their sources, on the way to a recipe."""

from keras_regkit.presets.recipes.recipe import SECTIONS, Recipe


def make_recipe(name, builder, given, **sections):
    """Returns a recipe of sections that map each name to a pair: value and source."""
    sections = {section: sections.get(section, {}) for section in SECTIONS}
    values = {section: {key: value for key, (value, _) in pairs.items()} for section, pairs in sections.items()}
    sources = {key: source for pairs in sections.values() for key, (_, source) in pairs.items()}
    return Recipe(name=name, builder=builder, given=given, **values, sources=sources)
