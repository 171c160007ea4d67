"""Text that is changed at random in training."""

from keras_regkit._core.checks import Interval
from keras_regkit.levers.lever import Lever

TOKEN_DROPOUT = Lever(
    name="token_dropout",
    title="Token dropout",
    family="augmentation",
    strength="rate: the share of tokens deleted or replaced",
    bounds=Interval(0, 1),
    strengths=(0.1, 0.3),
    equation="y_t = replacement with probability rate, else x_t; or without x_t, and the gap closed",
    use_when="a text classifier hangs on single words",
    trade_off="a deleted negation turns the meaning around, and the label stays",
    interactions=(
        ("word_dropout", "replacement alone, with a rate that can move: one of the two"),
        ("span_cutoff", "drops tokens in a row, this one single ones"),
    ),
    source="Iyyer et al. 2015, Deep Unordered Composition Rivals Syntactic Methods, section 3.1",
    usage="augmentation.text.TokenDropout(0.1, replacement_id=1, special_ids=[101, 102])",
)

SPAN_CUTOFF = Lever(
    name="span_cutoff",
    title="Span cutoff",
    family="augmentation",
    strength="rate: the share of the tokens in the span that is cut",
    bounds=Interval(0, 1),
    strengths=(0.1, 0.3),
    equation="y_t = padding for s ≤ t < s + ⌊rate · n⌋, else x_t, s uniform",
    use_when="language models are fine-tuned, and must read all of a text",
    trade_off="the span may be what the label is about",
    interactions=(
        ("token_dropout", "drops single tokens, this one a span"),
        ("jsd_consistency", "the reference asks cut texts for the same answer: use it with that loss"),
    ),
    source="Shen et al. 2020, A Simple but Tough-to-Beat Data Augmentation Approach for NLU and NLG, section 3.2",
    usage="augmentation.text.SpanCutoff(0.1, special_ids=[101, 102])",
)

TOKEN_SWAP = Lever(
    name="token_swap",
    title="Token swap",
    family="augmentation",
    strength="rate: about the share of the tokens that change places",
    bounds=Interval(0, 1),
    strengths=(0.1, 0.3),
    equation="y_s, y_t = x_t, x_s with probability rate, t − s = d, d ~ U{1, …, window}",
    use_when="the order of words tells little of the label, as in most topics",
    trade_off="who did what to whom is lost: not for relations between parts of a text",
    interactions=(("token_dropout", "both, in a Compose, with less of each"),),
    source="Wei and Zou 2019, EDA, section 2; Lample et al. 2018, section 2.3, for windows",
    usage="augmentation.text.TokenSwap(0.1, window=3, special_ids=[101, 102])",
)

TOKEN_MASK = Lever(
    name="token_mask",
    title="Token mask",
    family="augmentation",
    strength="rate: the share of tokens that are chosen, of which 80% are masked, and 10% changed",
    bounds=Interval(0, 1),
    strengths=(0.05, 0.15),
    equation="y_t = mask with probability 0.8 rate, a random id with 0.1 rate, else x_t",
    use_when="a model that was trained to fill masks is fine-tuned on few texts",
    trade_off="random ids are noise that no reader would take for text",
    interactions=(("word_dropout", "replaces tokens by one id alone: one of the two"),),
    source="Devlin et al. 2019, BERT, section 3.1",
    usage="augmentation.text.TokenMask(mask_id=103, vocabulary_size=30522, special_ids=[101, 102])",
)

SYNONYM_REPLACEMENT = Lever(
    name="synonym_replacement",
    title="Synonym replacement",
    family="augmentation",
    strength="rate α: the share of the words of a text that are replaced, at least one",
    bounds=Interval(0, 1),
    strengths=(0.05, 0.2),
    equation="n = max(1, ⌊α l⌋) random words with synonyms ↦ one of their synonyms",
    use_when="there are few texts, hundreds to some thousands, and short ones",
    trade_off="synonyms of other senses slip in; a pretrained language model gains little from it",
    interactions=(
        ("random_insertion", "one of the four of the reference for each copy of a text, not all on one"),
        ("back_translation", "keeps the meaning better, and costs a translator"),
    ),
    source="Wei and Zou 2019, EDA, section 2",
    usage='augmentation.text.SynonymReplacement("wordnet", rate=0.1)  # on strings: dataset.map(layer)',
)

RANDOM_INSERTION = Lever(
    name="random_insertion",
    title="Random insertion",
    family="augmentation",
    strength="rate α: synonyms put in, as a share of the words, at least one",
    bounds=Interval(0, 1),
    strengths=(0.05, 0.2),
    equation="n = max(1, ⌊α l⌋) times: a synonym of a random word, at a random place",
    use_when="there are few texts, and no word of them should be lost",
    trade_off="the text is no longer a sentence: not for models of the order of words",
    interactions=(("synonym_replacement", "one of the four of the reference for each copy of a text, not all on one"),),
    source="Wei and Zou 2019, EDA, section 2",
    usage='augmentation.text.RandomInsertion("wordnet", rate=0.1)  # on strings: dataset.map(layer)',
)

RANDOM_SWAP = Lever(
    name="random_swap",
    title="Random swap of words",
    family="augmentation",
    strength="rate α: swaps as a share of the words, at least one",
    bounds=Interval(0, 1),
    strengths=(0.05, 0.2),
    equation="n = max(1, ⌊α l⌋) times: two random words change places",
    use_when="the order of words tells little of the label, as in most topics",
    trade_off="who did what to whom is lost",
    interactions=(("token_swap", "the same on token ids, in the compiled step, and within a window: one of the two"),),
    source="Wei and Zou 2019, EDA, section 2",
    usage="augmentation.text.RandomSwap(0.1)  # on strings: dataset.map(layer)",
)

RANDOM_DELETION = Lever(
    name="random_deletion",
    title="Random deletion of words",
    family="augmentation",
    strength="rate α: the probability of each word to be left out",
    bounds=Interval(0, 1),
    strengths=(0.05, 0.2),
    equation="P(word is left out) = α",
    use_when="a text classifier hangs on single words",
    trade_off="a deleted negation turns the meaning around, and the label stays: protect it, stop_words=[...]",
    interactions=(("token_dropout", "the same on token ids, in the compiled step: one of the two"),),
    source="Wei and Zou 2019, EDA, section 2",
    usage='augmentation.text.RandomDeletion(0.1, stop_words=["not"])  # on strings: dataset.map(layer)',
)

KEYBOARD_TYPOS = Lever(
    name="keyboard_typos",
    title="Typos on the keyboard",
    family="augmentation",
    strength="rate: the share of the words with a typo, at least one",
    bounds=Interval(0, 1),
    strengths=(0.05, 0.2),
    equation="a letter of n = max(1, ⌊α l⌋) words ↦ a neighbouring key",
    use_when="people will type in what the model reads, and the training texts are clean",
    trade_off="a model with a vocabulary of words sees unknown ones, and no more than that",
    interactions=(("word_dropout", "does as much for a model with a vocabulary of words, in the compiled step"),),
    source="Belinkov and Bisk 2018, Synthetic and Natural Noise Both Break Neural Machine Translation, section 3.1.2",
    usage="augmentation.text.KeyboardTypos(0.1)  # on strings: dataset.map(layer)",
)

BACK_TRANSLATION = Lever(
    name="back_translation",
    title="Back-translation",
    family="augmentation",
    strength="probability: the share of the texts that went through another language",
    bounds=Interval(0, 1),
    strengths=(0.25, 0.5),
    equation="x ↦ back(there(x)), by a language drawn for each text",
    use_when="the meaning of a text counts and its wording does not, and there are few labels",
    trade_off="it takes a translator and its time, once: prepare(texts) with a store",
    interactions=(("synonym_replacement", "quick, and cruder: first that one"),),
    source="Sennrich et al. 2016, Improving Neural Machine Translation Models with Monolingual Data, section 3",
    usage='augmentation.text.BackTranslation(translator, pivots=["de"], store="translations.sqlite", probability=0.5)',
)
