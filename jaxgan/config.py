"""The configuration of a run: every flag of `python -m jaxgan.train`, a typed field each (layer 0)."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from tyro.conf import Suppress, arg

from jaxgan.errors import UserError, unknown

# Types of fields that may be left open, shown in --help by what they take.
Int = Annotated[int | None, arg(metavar="INT", help_behavior_hint="")]
Float = Annotated[float | None, arg(metavar="FLOAT", help_behavior_hint="")]
Str = Annotated[str | None, arg(metavar="NAME", help_behavior_hint="")]
File = Annotated[Path | None, arg(metavar="PATH", help_behavior_hint="")]
Flag = Annotated[bool | None, arg(metavar="{True,False}", help_behavior_hint="")]
Output = Annotated[Literal["tanh", "linear"] | None, arg(metavar="{tanh,linear}", help_behavior_hint="")]
Norm = Annotated[Literal["batch", "layer", "none"] | None, arg(metavar="{batch,layer,none}", help_behavior_hint="")]
Freshness = Annotated[Literal["fresh", "same"] | None, arg(metavar="{fresh,same}", help_behavior_hint="")]
FakeLabels = Annotated[Literal["real", "random"] | None, arg(metavar="{real,random}", help_behavior_hint="")]
Optimizer = Annotated[
    Literal["adagrad", "adam", "momentum", "nesterov", "rmsprop", "sgd"] | None,
    arg(metavar="{adagrad,adam,momentum,nesterov,rmsprop,sgd}", help_behavior_hint=""),
]
Schedule = Annotated[
    Literal["constant", "cosine", "linear"] | None, arg(metavar="{constant,cosine,linear}", help_behavior_hint="")
]
Order = Annotated[
    Literal["critic_first", "generator_first", "generator_second"] | None,
    arg(metavar="{critic_first,generator_first,generator_second}", help_behavior_hint=""),
]


@dataclass(frozen=True)
class Config:
    """What to train, on what, how long and where to. A field left at None takes the recipe's value, else the data set's."""

    variant: str = "wgan_gp"
    """What both players minimise: gan, wgan, wgan_gp, hinge, r3gan, began, ... (--list shows all), or your own as package.module:factory."""
    list_variants: Annotated[bool, arg(name="list")] = False
    """Print the table of variants, with paper, equation and defaults, and end."""
    dataset: str = "digits"
    """digits, mnist, fashion_mnist, stacked_mnist, stacked_digits, ring8, grid25, mixture4|8|16|32, swiss_roll, gaussian, tfds:NAME, folder:PATH, npz:PATH."""
    recipe: Str = None
    """Whose settings: paper (the default), lab000, lab002, lab003, lab004, toy, or digits (tuned here; the default on digits)."""

    network: Str = None
    """Both networks: conv, dcgan, fc, fc_conv (a conv generator against an fc critic), lab_conv, mlp or resnet; chosen by the data set."""
    generator: Str = None
    """The generator alone: conv, dcgan, fc, lab_conv, mlp or resnet."""
    critic: Str = None
    """The critic alone: conv, dcgan, fc, lab_conv, mlp, resnet or minibatch; of began and ebgan autoencoder, conv_autoencoder or mlp_autoencoder."""
    latent_dim: Int = None
    """Numbers in a latent vector."""
    hidden_dim: Int = None
    """Width of both networks: of the narrowest hidden layer (mlp, conv, dcgan: 128; fc: 256), of the widest linear one (lab_conv: 1024)."""
    output: Output = None
    """Last layer of the mlp generator."""
    critic_norm: Norm = None
    """Norm between the critic's convolutions (conv, dcgan; of resnet layer or none); batch norm is refused under a gradient penalty."""
    dropout: Float = None
    """Share of units dropped in the critic (fc, mlp)."""
    conditional: bool = False
    """Give the labels to both players."""
    conditioning: Literal["concat", "projection"] = "concat"
    """How a conditional critic sees a label: its embedding joined to the input, or projected on the features."""

    minibatch_discrimination: bool = False
    """Show the critic how near each sample is to the others of its batch (arXiv 1606.03498)."""
    pac: int = 1
    """Samples that the critic judges together, as one (PacGAN, arXiv 1712.04086)."""
    unroll: int = 0
    """Critic steps that the generator looks ahead and differentiates through (unrolled GAN, arXiv 1611.02163)."""
    generators: int = 1
    """Generators that share the latents between them (arXiv 1708.02556)."""
    generator_classifier_weight: Float = None
    """Weight with which several generators are told apart (MGAN's beta; 0 is the plain mixture; 1 where not given)."""
    spectral_norm: Flag = None
    """Divide every weight of the critic by its largest singular value (arXiv 1802.05957)."""
    augment: Str = None
    """What the critic's pictures go through, real and fake: colour,translation,cutout or some of them (arXiv 2006.10738)."""
    penalty_every: int = 1
    """Critic steps from one penalty to the next, its weight multiplied by as many (lazy regularization, arXiv 1912.04958)."""

    steps: Int = None
    """Generator steps to train for."""
    epochs: Float = None
    """Passes over the data by critic batches, in place of --steps."""
    batch_size: Int = None
    """Samples in a batch."""
    n_critic: Int = None
    """Critic steps for each generator step (0 for sinkhorn, which has no critic)."""
    clip: Float = None
    """Bound on every critic weight (wgan)."""
    gradient_penalty_weight: Float = None
    """Weight of the gradient penalty (wgan_gp, wgan_lp, wgan_div, dragan, ct_gan)."""
    gradient_penalty_power: Float = None
    """Power of the gradient's norm (wgan_div)."""
    perturbation: Float = None
    """How far from real samples the gradient is held, in their standard deviations (dragan)."""
    r1_weight: Float = None
    """Weight of the squared gradient at real samples (r3gan)."""
    r2_weight: Float = None
    """Weight of the squared gradient at fake samples (r3gan)."""
    consistency_weight: Float = None
    """Weight of the distance between two dropout passes (ct_gan)."""
    consistency_margin: Float = None
    """Distance between two dropout passes that costs nothing (ct_gan)."""
    margin: Float = None
    """Energy above which fake samples are let be (ebgan)."""
    pulling_away_weight: Float = None
    """Weight of the term that pulls the codes of fake samples apart (ebgan)."""
    diversity_ratio: Float = None
    """Reconstruction error of fake over that of real samples that is held (began's gamma)."""
    balance_rate: Float = None
    """Rate of the control of that ratio (began's lambda)."""
    sinkhorn_epsilon: Float = None
    """Entropic regularization of the transport (sinkhorn)."""
    critic_loss_scale: Float = None
    """Factor on the critic's loss (gan; lab 003 takes half)."""
    optimizer: Optimizer = None
    """The generator's optimizer, and the critic's unless --critic-optimizer says otherwise; as PyTorch defines them."""
    critic_optimizer: Optimizer = None
    """The critic's optimizer."""
    learning_rate: Float = None
    """The generator's learning rate, and the critic's unless --critic-learning-rate says otherwise."""
    critic_learning_rate: Float = None
    """The critic's learning rate."""
    beta1: Float = None
    """Adam's decay of the mean of gradients."""
    beta2: Float = None
    """Adam's decay of the mean of squared gradients."""
    rmsprop_decay: Float = None
    """RMSprop's decay of the mean of squared gradients (PyTorch's alpha)."""
    momentum: Float = None
    """Momentum of the optimizers momentum and nesterov."""
    schedule: Schedule = None
    """Both learning rates over the run: constant, or falling to 0 at --steps along a cosine or a line."""
    warmup_steps: Int = None
    """Generator steps over which both learning rates first rise from 0."""
    ema: Float = None
    """Decay of the running mean of the generator's weights that samples are drawn from; 0 keeps none."""

    critic_data: Freshness = None
    """Whether each of the n_critic steps sees a new real batch, or all the same one."""
    generator_latent: Freshness = None
    """Whether the generator step draws new latents, or takes those of the critic step before it."""
    fake_labels: FakeLabels = None
    """Labels of fake samples: those of the real batch (so that an interpolate has one label), or drawn at random."""
    order: Order = None
    """Where the generator step stands among the n_critic steps: after all, before all, or after the first (lab 004)."""
    points: Int = None
    """Keep a fixed sample of this many points of a 2-D distribution, in place of points drawn afresh."""
    image_size: Int = None
    """Resize images to this many pixels a side."""

    replicas: int = 1
    """Random seeds trained side by side in one program; replica i has seed + i."""
    by_replica: Annotated[dict[str, list[int | float]] | None, Suppress] = None
    """Numbers that differ by replica, and its seed, one entry a replica each (`python -m jaxgan.sweep` fills this in)."""
    mesh: Str = None
    """Spread the run over devices: data=4,replica=2 cuts each batch in 4 and the replicas in 2. One device where not given."""
    distributed: bool = False
    """Train together with other processes, found from the environment (Slurm, GKE, TPU pods) or by the three flags below."""
    coordinator: Annotated[str | None, arg(metavar="HOST:PORT", help_behavior_hint="")] = None
    """Where process 0 listens."""
    process_count: Int = None
    """How many processes there are."""
    process_id: Int = None
    """Which one this is, from 0."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of the factors of matrix products and convolutions; bfloat16 is for accelerators. All else, weights too, stays in float32."""
    stream: Literal["auto", "always", "never"] = "auto"
    """Whether pictures of folder: and tfds: sets are read as they are needed; auto: where they would fill a quarter of the memory."""
    seed: int = 0
    """Root of all chance."""
    out: File = None
    """The run folder; runs/DATASET-VARIANT-N where not given."""
    data_dir: File = None
    """Where data sets lie (DATA_DIR/mnist/...) and downloads are kept; the user's cache folder where not given."""
    resume: bool = False
    """Go on with the run at --out from its last checkpoint."""
    config: File = None
    """Run again what this config.json says; other flags override it."""
    log_every: Int = None
    """Steps between lines of metrics.jsonl."""
    sample_every: Int = None
    """Steps between pictures of samples."""
    checkpoint_every: Int = None
    """Steps between checkpoints."""
    keep_checkpoints: Int = None
    """How many of the last checkpoints to keep (3 where not given)."""
    metrics_every: Int = None
    """Steps between measurements of samples, as `python -m jaxgan.evaluate` makes them; none where not given."""
    metrics_samples: int = 1000
    """Samples that each measurement takes."""
    best: Str = None
    """The figure by which the best checkpoint is kept (with --metrics-every): fid_lab_1k, modes_pacgan_1k, ..."""


FIELDS = {field.name: field for field in dataclasses.fields(Config)}
NOT_SAVED = (
    "list_variants",
    "resume",
    "config",
    "distributed",
    "coordinator",
    "process_count",
    "process_id",
)  # how a run was started is no property of it
FREE_NETWORK = ("latent_dim", "hidden_dim", "output", "critic_norm", "dropout")
RUN_CONTROL = (
    *NOT_SAVED, "variant", "dataset", "conditional", "conditioning", "minibatch_discrimination", "pac", "unroll", "generators",
    "augment", "penalty_every", "steps", "epochs", "replicas", "by_replica", "mesh", "precision",
    "stream", "seed", "out", "data_dir", "log_every", "sample_every", "checkpoint_every", "keep_checkpoints",
    "metrics_every", "metrics_samples", "best",
)  # fmt: skip
FOLLOWS = {  # what a flag settles when it is given alone; in a saved configuration those are all set
    "variant": [name for name in FIELDS if name not in RUN_CONTROL],
    "recipe": [name for name in FIELDS if name not in RUN_CONTROL],
    "network": ["generator", "critic", *FREE_NETWORK],
    "generator": ["network", "output"],
    "critic": ["network", "critic_norm", "dropout"],
    "optimizer": ["critic_optimizer", "beta1", "beta2", "rmsprop_decay", "momentum"],
    "learning_rate": ["critic_learning_rate"],
    "steps": ["epochs", "log_every", "sample_every", "checkpoint_every"],
    "epochs": ["steps", "log_every", "sample_every", "checkpoint_every"],
    "replicas": ["by_replica"],
}
MAY_CHANGE = (
    "steps", "epochs", "log_every", "sample_every", "checkpoint_every", "keep_checkpoints", "metrics_every", "metrics_samples",
    "best", "data_dir", "out", "mesh",
)  # fmt: skip


def flag(name: str) -> str:
    """The flag of a field: `learning_rate` is --learning-rate."""
    return "--" + name.replace("_", "-")


def to_json(config: Config) -> dict[str, Any]:
    """The fields as JSON values."""
    values = {name: getattr(config, name) for name in FIELDS if name not in NOT_SAVED}
    return {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}


def read_config(path: Path) -> Config:
    """The configuration in a config.json; raises UserError in one line where there is none."""
    try:
        values = json.loads(path.read_text())
    except OSError as error:
        raise UserError(f"no configuration at {path}: {error.strerror}; expected a run's config.json") from None
    except ValueError as error:
        raise UserError(f"{path} is not JSON: {error}") from None
    if not isinstance(values, dict):
        raise UserError(f"{path} holds no JSON object, as a run's config.json does")
    allowed = [name for name in FIELDS if name not in NOT_SAVED]
    for name in values:
        if name not in allowed:
            raise unknown(f"the field in {path}", name, allowed)
    for name in ("out", "data_dir"):
        if values.get(name) is not None:
            values[name] = Path(values[name])
    return Config(**values)


def named(config: Config) -> dict[str, Any]:
    """The fields that are not at their default."""
    default = Config()
    return {name: getattr(config, name) for name in FIELDS if getattr(config, name) != getattr(default, name)}


def again(saved: Config, asked: dict[str, Any]) -> Config:
    """The saved configuration with the fields of `asked` in place, and open again what those settle (`FOLLOWS`)."""
    reopened = {other: getattr(Config(), other) for name in asked for other in FOLLOWS.get(name, ())}
    return dataclasses.replace(saved, **{"out": None, "config": None, **reopened, **asked})


def going_on(saved: Config, asked: Config) -> Config:
    """What was asked, if it may differ so from the saved configuration of the run that is resumed; else raises UserError."""
    for name in FIELDS:
        if name not in (*NOT_SAVED, *MAY_CHANGE) and getattr(asked, name) != getattr(saved, name):
            raise UserError(
                f"--resume: {flag(name)} {getattr(asked, name)} differs from the run's {getattr(saved, name)};"
                f" only {', '.join(flag(n) for n in MAY_CHANGE)} may change"
            )
    return asked
