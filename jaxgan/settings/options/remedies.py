"""Options of the remedies against mode collapse and unstable training."""

from dataclasses import dataclass

from jaxgan.settings.options.declaration import FROM_RECIPE, option, traced_number


@dataclass(frozen=True, kw_only=True)
class RemedyOptions:
    """Remedies against mode collapse and unstable training, for every variant that can take them."""

    minibatch_discrimination: bool = option(
        False,
        "Show the critic how near each sample is to the others of its batch (arXiv 1606.03498).",
        acts_on_critic=True,
        elsewhere="mbd",
    )
    pac: int = option(
        1,
        "Samples that the critic scores together, as one (PacGAN, arXiv 1712.04086).",
        at_least=1,
        acts_on_critic=True,
    )
    unroll: int = option(
        0,
        "Critic steps that the generator looks ahead and differentiates through (unrolled GAN, arXiv 1611.02163).",
        at_least=0,
        acts_on_critic=True,
    )
    generators: int = option(
        1,
        "Generators that share the latents between them (arXiv 1708.02556).",
        at_least=1,
    )
    generator_classifier_weight: float | None = traced_number(
        None,
        "Weight with which the critic's classifier tells several generators apart (MGAN's beta; 0 is the plain mixture; 1 where not"
        " given).",
        at_least=0,
        settled_by=FROM_RECIPE,
        shares_program=False,  # 0 leaves a part of the program out
    )
    spectral_norm: bool | None = option(
        None,
        "Divide every weight of the critic by its largest singular value (arXiv 1802.05957).",
        otherwise=False,
        settled_by=FROM_RECIPE,
        acts_on_critic=True,
        elsewhere="sn",
    )
    instance_noise: float | None = option(
        None,
        "Deviation of the (nearly) Gaussian noise added in training to all samples that the critic sees, real and fake (arXiv 1610.04490); none where not given.",
        unit="in the units of what the generator draws: pictures reach from -1 to 1",
        at_least=0,
        settled_by=FROM_RECIPE,
        acts_on_critic=True,
        elsewhere="noise input_noise disc_noise",
    )
    augment: str | None = option(
        None,
        "What is done at random to all pictures that the critic sees, real and fake: some of colour,translation,cutout (arXiv 2006.10738)"
        " and flip,rotation,shift,geometry,luma,hue,noise (arXiv 2006.06676).",
        metavar="KIND,KIND",
        settled_by=("ada",),
        acts_on_critic=True,
        elsewhere="aug diffaug",
    )
    ada: bool = option(
        False,
        "Augment with a probability that rises while the critic overfits, and falls else (ADA, arXiv 2006.06676); flip,rotation,shift,colour"
        " where --augment names nothing.",
        acts_on_critic=True,
    )
    ada_target: float | None = option(
        None,
        "Overfitting measure r_t, the mean sign of the critic's verdict on real samples, above which the probability rises (0.6 where not"
        " given).",
        at_least=-1,
        at_most=1,
        needs="ada",
        settled_by=("ada",),
    )
    ada_images: int | None = option(
        None,
        "Real samples in which the probability could go from 0 to 1 (100,000 where not given, which the authors' code takes for fine-tuning;"
        " 500,000 for their runs of 25 million).",
        unit="samples",
        at_least=1,
        needs="ada",
        settled_by=("ada",),
    )
    ada_interval: int | None = option(
        None,
        "Critic steps from one change of the probability to the next (4 where not given).",
        unit="critic steps",
        at_least=1,
        needs="ada",
        settled_by=("ada",),
    )
    freeze_critic: int = option(
        0,
        "Leave the critic's first so many layers, from its input on, as they are (FreezeD, arXiv 2002.10964): for fine-tuning, with --init-from.",
        unit="layers",
        at_least=0,
        acts_on_critic=True,
    )
    penalty_every: int = option(
        1,
        "Take the gradient penalty in every so many critic steps alone, its weight multiplied by as many (lazy regularization,"
        " arXiv 1912.04958).",
        unit="critic steps",
        at_least=1,
        acts_on_critic=True,
    )
