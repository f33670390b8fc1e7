"""Options of training: what both networks minimise, how long, and with which optimizers; the numbers of variants stand here."""

# ruff: noqa: RUF009 (a call here makes a dataclass field)

from dataclasses import dataclass
from typing import Literal

from jaxgan.settings.options.declaration import FROM_RECIPE, option, traced_number, variant_number

OptimizerName = Literal["adagrad", "adam", "momentum", "nesterov", "rmsprop", "sgd"]


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """What both networks minimise, how long, and with which optimizers."""

    # what is minimised, and how long

    variant: str = option(
        "wgan_gp",
        "The kind of GAN, which is what both networks minimise: gan, wgan, wgan_gp, hinge, r3gan, began, ... (--list shows all), or"
        " your own as package.module:attribute.",
        most_used=1,
        names_code=True,
        elsewhere="model gan loss objective algorithm",
    )
    recipe: str | None = option(
        None,
        "Whose settings to take where no option says otherwise: paper (the default), lab000 to lab004, toy, or"
        " digits (tuned here; the default on digits).",
        most_used=3,
        settled_by=("variant",),
        elsewhere="preset",
    )
    steps: int | None = option(
        None,
        "How long to train.",
        most_used=6,
        unit="generator steps",
        at_least=1,
        may_change=True,
        settled_by=("epochs",),
        elsewhere="iterations iters iter n_iter niter max_steps num_steps total_steps",
    )
    epochs: float | None = option(
        None,
        "How long to train, in place of --steps.",
        unit="passes over the data, ceil(samples / batch size) critic batches each",
        above=0,
        may_change=True,
        settled_by=("steps",),
        elsewhere="epoch n_epochs num_epochs nepochs max_epochs",
    )
    batch_size: int | None = option(
        None,
        "Size of a batch.",
        most_used=7,
        unit="samples",
        at_least=1,
        settled_by=FROM_RECIPE,
        elsewhere="batch bs batchSize",
    )
    accumulate: int = option(
        1,
        "Parts that each batch's gradient is made of, one after another: the same step in less memory (gradient accumulation).",
        unit="parts",
        at_least=1,
        may_change=True,
        elsewhere="grad_accum accumulation_steps",
    )
    n_critic: int | None = option(
        None,
        "Critic steps for each generator step (0 for sinkhorn, which has no critic).",
        at_least=0,
        settled_by=FROM_RECIPE,
        elsewhere="critic_iters d_steps n_dis disc_iters",
    )

    # numbers of variants

    clip: float | None = variant_number(
        "Bound on every critic weight (wgan).", above=0, elsewhere="clip_value weight_clip weight_cliping_limit"
    )
    gradient_penalty_weight: float | None = variant_number(
        "Weight of the gradient penalty (wgan_gp, wgan_lp, wgan_div, dragan, ct_gan).",
        at_least=0,
        elsewhere="lambda lambda_gp gp gp_weight gp_lambda gamma",
    )
    gradient_penalty_power: float | None = variant_number("Power of the gradient's norm (wgan_div).", at_least=1)
    perturbation: float | None = variant_number(
        "How far around real samples the gradient is penalised (dragan).",
        unit="standard deviations of the data",
        at_least=0,
    )
    r1_weight: float | None = variant_number("Weight of the squared gradient at real samples (r3gan).", at_least=0)
    r2_weight: float | None = variant_number("Weight of the squared gradient at fake samples (r3gan).", at_least=0)
    consistency_weight: float | None = variant_number("Weight of the distance between two dropout passes (ct_gan).", at_least=0)
    consistency_margin: float | None = variant_number(
        "Distance between two dropout passes that costs nothing (ct_gan).",
        at_least=0,
    )
    margin: float | None = variant_number("Energy above which a fake sample costs the critic nothing (ebgan).", at_least=0)
    pulling_away_weight: float | None = variant_number(
        "Weight of the term that pulls the codes of fake samples apart (ebgan).",
        at_least=0,
    )
    diversity_ratio: float | None = variant_number(
        "Reconstruction error of fake samples over that of real ones, which training is steered to (began's gamma); 1 or a little more where"
        " samples are all alike.",
        above=0,
    )
    balance_rate: float | None = variant_number("How fast training is steered to that ratio (began's lambda).", at_least=0)
    sinkhorn_epsilon: float | None = variant_number("Entropic regularization of the transport (sinkhorn).", above=0)
    critic_loss_scale: float | None = variant_number("Factor on the critic's loss (gan; lab 003 takes half).", above=0)

    # optimizers

    optimizer: OptimizerName | None = option(
        None,
        "The generator's optimizer, and the critic's unless --critic-optimizer is given; as PyTorch defines them.",
        settled_by=FROM_RECIPE,
        elsewhere="optim opt",
    )
    critic_optimizer: OptimizerName | None = option(
        None,
        "The critic's optimizer.",
        settled_by=(*FROM_RECIPE, "optimizer"),
    )
    learning_rate: float | None = traced_number(
        None,
        "The generator's learning rate, and the critic's unless --critic-learning-rate is given.",
        most_used=8,
        above=0,
        settled_by=FROM_RECIPE,
        elsewhere="lr lr_g g_lr glr",
    )
    critic_learning_rate: float | None = traced_number(
        None,
        "The critic's learning rate.",
        above=0,
        settled_by=(*FROM_RECIPE, "learning_rate"),
        elsewhere="lr_d d_lr dlr",
    )
    beta1: float | None = traced_number(
        None,
        "Adam's decay of the mean of gradients.",
        at_least=0,
        below=1,
        otherwise=0.5,
        optimizers=("adam",),
        settled_by=(*FROM_RECIPE, "optimizer"),
        elsewhere="b1",
    )
    beta2: float | None = traced_number(
        None,
        "Adam's decay of the mean of squared gradients.",
        at_least=0,
        below=1,
        otherwise=0.999,
        optimizers=("adam",),
        settled_by=(*FROM_RECIPE, "optimizer"),
        elsewhere="b2",
    )
    rmsprop_decay: float | None = traced_number(
        None,
        "RMSprop's decay of the mean of squared gradients (PyTorch's alpha).",
        at_least=0,
        below=1,
        otherwise=0.99,
        optimizers=("rmsprop",),
        settled_by=(*FROM_RECIPE, "optimizer"),
    )
    momentum: float | None = traced_number(
        None,
        "Momentum of the optimizers momentum and nesterov.",
        at_least=0,
        below=1,
        otherwise=0.9,
        optimizers=("momentum", "nesterov"),
        settled_by=(*FROM_RECIPE, "optimizer"),
    )
    schedule: Literal["constant", "cosine", "linear"] | None = option(
        None,
        "Both learning rates over the run: constant, or falling to 0 at --steps along a cosine or a line.",
        otherwise="constant",
        settled_by=FROM_RECIPE,
        elsewhere="lr_schedule scheduler lr_policy",
    )
    schedule_end: float | None = option(
        None,
        "Share of the learning rates that their schedule ends at, in place of 0.",
        at_least=0,
        at_most=1,
        settled_by=FROM_RECIPE,
    )
    schedule_steps: int | None = option(
        None,
        "How long the schedule falls, in place of --steps; what it ends at then stays.",
        unit="generator steps",
        at_least=1,
        settled_by=FROM_RECIPE,
    )
    penalty_schedule_end: float | None = option(
        None,
        "Share of the penalties' weights left at the end of the same schedule (R3GAN, arXiv 2501.05441: .1); they stand still where not"
        " given.",
        at_least=0,
        at_most=1,
        settled_by=FROM_RECIPE,
        acts_on_critic=True,
    )
    warmup_steps: int | None = option(
        None,
        "How long both learning rates first rise from 0.",
        unit="generator steps",
        at_least=0,
        otherwise=0,
        settled_by=FROM_RECIPE,
    )
    ema: float | None = traced_number(
        None,
        "Decay of the running mean of the generator's weights that samples are drawn from; 0 keeps none.",
        at_least=0,
        below=1,
        otherwise=0.0,
        settled_by=FROM_RECIPE,
        shares_program=False,  # 0 leaves a part of the program out
    )

    # what a step draws

    critic_data: Literal["fresh", "same"] | None = option(
        None,
        "Whether each of the n_critic steps sees a new real batch, or all the same one.",
        otherwise="fresh",
        settled_by=FROM_RECIPE,
    )
    generator_latent: Literal["fresh", "same"] | None = option(
        None,
        "Whether the generator step draws new latents, or takes those of the critic step before it.",
        otherwise="fresh",
        settled_by=FROM_RECIPE,
    )
    fake_labels: Literal["real", "random"] | None = option(
        None,
        "Labels of fake samples: those of the real batch (so that an interpolate has one label), or drawn at random.",
        otherwise="real",
        settled_by=FROM_RECIPE,
    )
    order: Literal["critic_first", "generator_first", "generator_second"] | None = option(
        None,
        "Where the generator step stands among the n_critic steps: after all, before all, or after the first (lab 004).",
        otherwise="critic_first",
        settled_by=FROM_RECIPE,
    )
