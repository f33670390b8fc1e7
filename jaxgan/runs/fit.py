"""Training: `fit` fills a run folder, or goes on with one."""

import contextlib
import dataclasses
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxgan.checks import path, truth
from jaxgan.data import as_dataset, differences, form_of, from_description, in_labels_of
from jaxgan.diagnosis import facts_of
from jaxgan.engine import processes
from jaxgan.engine.checkpoints import Checkpoints, Progress, Restored
from jaxgan.engine.gan import Gan
from jaxgan.engine.listeners import Listener, Listeners, checked_listeners
from jaxgan.engine.loop import Program
from jaxgan.engine.placement import place
from jaxgan.engine.state import step_of
from jaxgan.engine.training import Good, train
from jaxgan.errors import BusyError, DivergedError, UserError, say
from jaxgan.files import check_folder_writable, json_text, without_link, write_atomically
from jaxgan.folder import RunFolder
from jaxgan.interrupts import interrupts
from jaxgan.report.images import save_image
from jaxgan.report.listeners import (
    CriticPictures,
    Curves,
    Findings,
    MetricsFile,
    Page,
    ProgressBar,
    SamplePictures,
    TensorBoard,
)
from jaxgan.report.page import write_page
from jaxgan.report.progress import progress_bars
from jaxgan.report.samples import real_pictures
from jaxgan.runs.data import training_data
from jaxgan.runs.environment import changed_surroundings, environment, summary
from jaxgan.runs.initial_weights import InitialWeights, initial_weights, read_source
from jaxgan.runs.live import live_board
from jaxgan.runs.load import remembered_data, warn_of_damage
from jaxgan.runs.lock import locked
from jaxgan.runs.measuring import Measuring
from jaxgan.runs.memory import check_memory
from jaxgan.runs.pictures import view_of
from jaxgan.runs.run import Run
from jaxgan.runs.survey import expected_time, quicker, time_steps
from jaxgan.runs.threads import use_one_thread_if_quicker
from jaxgan.settings import (
    Config,
    changed_fields,
    check_fixed,
    check_trusted,
    fixed_options,
    flag,
    format_of,
    own_pictures,
    read_config_file,
    rerun,
    resume_with,
    with_format,
)
from jaxgan.settings.own import config_of, resolve_own
from jaxgan.settings.paths import directory_of
from jaxgan.settings.resolution import Resolved, resolve
from jaxgan.settings.schedule import steps_per_epoch
from jaxgan.types import GanState

SECONDS_TIMED = 1.0  # of steps, before a run on pictures of one's own begins


def fit(
    what: Config | Gan,
    dataset: Any = None,
    *,
    labels: Any = None,
    metrics: Mapping[str, Any] | None = None,
    listeners: Sequence[Listener] = (),
    progress: bool = True,
    init_from: Run | Path | str | None = None,
    **options: Any,
) -> Run:
    """Trains, and fills a run folder: metrics, curves, pictures, checkpoints, TensorBoard and a page.

    By options, as `python -m jaxgan.train` does: `fit(Config(variant="wgan_gp", dataset="ring8", steps=2000))`; with
    `Config(out=RUN, resume=True)` it goes on with a run, with `Config(config=FILE)` it trains again what that config.json says, and in
    both fields at their default are the saved run's.

    Or with a GAN of your own: `fit(gan, data, steps=2000, batch_size=64, out="runs/mine")`, where the options are those of a run:
    steps, epochs, batch_size, seed, replicas, mesh, out, resume, log_every, sample_every, checkpoint_every, metrics_every, ...

    Args:
        what: the options, or a GAN.
        dataset: samples of your own for a GAN: a numpy or jax array (N, ...), bytes or floats; a pair (samples, labels); a `Dataset`; or
            a function (key, n) -> samples that draws afresh.
        labels: of the samples, int (N,).
        metrics: of your own, {name: function of two arrays (real, generated) -> number}, measured with the others every
            `metrics_every` steps; where that is not given, as often as samples are drawn.
        listeners: told of what happens (`jaxgan.engine.listeners.Listener`).
        progress: whether a bar is shown and the run is summed up in a line.
        init_from: a run, or its folder, whose weights this one begins with where names and shapes agree (as `Config(init_from=...)`).

    With `Config(distributed=True)` jax's runtime ends the whole program, with a trace, where another process is lost: it does so from a thread
    that no `except` reaches. The command says it in one line, for which it keeps the process's standard error to itself; a program that
    is not jaxgan's own has other uses for that.

    Returns:
        the run, with the state of all its replicas.

    Raises:
        UserError: for what cannot be, before anything is written.
        DivergedError: a number is not finite (of several replicas the others are trained to the end first).
        KeyboardInterrupt: on Ctrl-C, after a checkpoint is safe.

    Example:
        >>> import jaxgan
        >>> small = dict(steps=20, hidden_dim=16)  # too few steps and too narrow to learn, but quick
        >>> config = jaxgan.Config(variant="wgan_gp", dataset="ring8", out="runs/first", **small)
        >>> run = jaxgan.fit(config, progress=False)
        >>> sorted(path.name for path in run.folder.glob("*.html"))
        ['report.html']
    """
    listeners, progress = checked_listeners(listeners), truth("progress", progress)
    if init_from is not None:
        named = init_from.folder if isinstance(init_from, Run) else path("init_from", init_from)
        what = dataclasses.replace(what, init_from=named) if isinstance(what, Config) else what
        options = options if isinstance(what, Config) else {**options, "init_from": named}
    resolved, resume = _resolved(what, dataset, labels, options)
    return _fit(resolved, resume, metrics=metrics, listeners=listeners, progress=progress, init_from=init_from)


def fit_alone(config: Config, listeners: Sequence[Listener]) -> Run:
    """`fit` for a process that does nothing else: small networks are trained with one thread (`jaxgan.runs.threads`)."""
    resolved, resume = _resolved(config, None, None, {})
    use_one_thread_if_quicker(resolved)
    return _fit(resolved, resume, listeners=listeners)


def _fit(
    resolved: Resolved,
    resume: bool,
    *,
    metrics: Mapping[str, Any] | None = None,
    listeners: Sequence[Listener] = (),
    progress: bool = True,
    init_from: Run | Path | str | None = None,
) -> Run:
    """`fit` of what its options mean."""
    if resume and (out := resolved.config.out):
        check_folder_writable(out, "--out")
        RunFolder(out).check_outputs()
        resolved = _in_the_runs_labels(_scaled_as_before(resolved, RunFolder(out)), RunFolder(out))
    if metrics and not resolved.schedule.metrics_every:
        resolved = resolved.measured_every(resolved.schedule.sample_every)
    schedule = resolved.schedule
    place(schedule.mesh, schedule.replicas, schedule.batch_size)  # refuses what cannot be before there is a folder
    check_memory(resolved)
    measuring = _measuring(resolved, metrics, progress) if schedule.metrics_every else None
    program = resolved.program()
    if not program.gan.is_built_in:
        program.check()
    with contextlib.ExitStack() as ending:
        earlier = _earlier(resolved, program, progress) if resume else None
        weights = _initial_weights(resolved, program, init_from) if earlier is None else None
        folder = resolved.config.out if resume and resolved.config.out else _agreed_folder(resolved.config)
        files = RunFolder(folder)
        ending.enter_context(locked(files))
        if not resume:
            ending.enter_context(_removed_if_nothing_comes_of_it(files))
        config = dataclasses.replace(
            resolved.config, out=folder, resume=False, trust=False, data_changed=False, directory=directory_of(resolved.config)
        )
        interrupted = ending.enter_context(
            interrupts("stopping after the steps in progress and a checkpoint; once more stops at once")
        )
        checkpoints = Checkpoints(files.checkpoints, config.keep_checkpoints, {"options": fixed_options(config)})
        ending.callback(checkpoints.close)
        if earlier is not None and checkpoints.steps()[-1:] != [max((earlier.step, *earlier.damaged))]:
            raise BusyError(f"{folder} was trained by another process meanwhile: --resume once more goes on from there")
        checkpoints.remove_unfinished()
        for step in earlier.damaged if earlier else ():
            checkpoints.remove(step)
        first = processes.is_first()
        if first:  # at once, so that a run killed from here on can go on
            begun = {"version": format_of(files.config)} if resume else {}
            write_atomically(files.config, json_text(with_format(config, **begun)))
            write_atomically(files.environment, json_text(environment(resolved.dataset)))

        def run_of(state: GanState) -> Run:
            dataset = resolved.dataset
            own = bool(config.batch_statistics)
            return Run(
                program.gan, state, dataset.sample_shape, folder, config, dataset, schedule.replicas, batch_statistics=own
            )

        if config.live and first:
            ending.enter_context(live_board(folder))
        program.compile_ahead()
        begin = earlier.progress if earlier else Progress(_first_state(program, weights))
        if progress and first:
            print(summary(config, resolved.dataset, begin.state), flush=True)
            for line in (*(weights.lines if weights else ()), *_frozen(program, resolved, weights)):
                print(line, flush=True)
            print(f"page: {files.report}, written anew while it trains; reload it to see how far it is", flush=True)
        announced = progress and earlier is None and _time_is_said(resolved)
        if announced:
            print("making a few steps, which are thrown away, to see how long the whole takes", flush=True)
            timed = time_steps(program, begin.state, SECONDS_TIMED, interrupted)
            expected, *more = [""] if timed is None else expected_time(resolved, timed.step)
            for line in (f"{expected}; Ctrl-C stops after saving a checkpoint", *more) if expected else ():
                print(line, flush=True)
            begin = Progress(_first_state(program, weights))  # the same again: the steps used it up
        writers = _writers(files, program, resolved, progress, announced and not schedule.metrics_every) if first else []
        finite = _finite_replicas(begin.state, schedule.replicas) if earlier else []
        last_good = Good(files.checkpoints / str(earlier.step), finite) if earlier and finite else None
        measure = measuring.of(run_of, files) if measuring else None
        try:
            state = train(
                program, begin, Listeners([*writers, *listeners]), checkpoints.save_beside, interrupted, last_good, measure
            )
        finally:
            if first:
                write_page(folder)
    done = step_of(state)
    if done < schedule.steps:
        raise KeyboardInterrupt(f"interrupted at step {done}; the checkpoint is safe: --out {folder} --resume goes on")
    return run_of(state)


def _scaled_as_before(resolved: Resolved, files: RunFolder) -> Resolved:
    """The run with its data scaled as its first part was trained: of data that were changed the statistics are others."""
    before = remembered_data(files)
    if before is None or before.scaling is None:
        return resolved
    return dataclasses.replace(resolved, dataset=resolved.dataset.rescaled(before.scaling))


def _in_the_runs_labels(resolved: Resolved, files: RunFolder) -> Resolved:
    """With other data (`--data-changed`) label vectors in the units that the run was begun with; the same data are as they are."""
    if resolved.dataset.label_vectors is None:
        return resolved
    described = files.read_environment().get("data") or {}
    if not resolved.config.data_changed or not described.get("labels"):
        return resolved
    return dataclasses.replace(resolved, dataset=in_labels_of(from_description(described), resolved.dataset))


def _earlier(resolved: Resolved, program: Program, progress: bool) -> Restored | None:
    """The checkpoint that a run goes on from; None where it was stopped before its first. Writes nothing.

    Raises:
        UserError: the run cannot go on: it is at its end, its data or its numbers are others, or no checkpoint is whole.
    """
    config = resolved.config
    assert config.out is not None
    files = RunFolder(config.out)
    before = files.read_environment()
    if not before.get("data"):
        say(f"{files.environment} says nothing of the data: whether they are still those of the run is not known")
    if not config.data_changed and (apart := differences(before.get("data") or {}, resolved.dataset)):
        raise UserError(
            f"--resume: the data are not those that {config.out} was trained on: {'; '.join(apart)};"
            " --data-changed goes on with these"
        )
    checkpoints = Checkpoints(files.checkpoints, recorded=format_of(files.config) > 0)
    try:
        if not checkpoints.steps():
            return None
        like = program.initial_state()
        restored = checkpoints.restore(like, sums_like=program.zero_sums(like))
    finally:
        checkpoints.close()
    check_fixed(config, restored.about.get("options", {}), files.config, f"checkpoint {restored.step}")
    if restored.step >= resolved.schedule.steps:
        raise UserError(
            f"{config.out} is already trained to step {restored.step}; --steps {restored.step * 2} would go on to twice that"
        )
    if processes.is_first():
        warn_of_damage(restored)
        if progress and (changes := changed_surroundings(before, environment(resolved.dataset))):
            print(
                f"going on in other surroundings, where numbers may differ in their last bits: {', '.join(changes)}", flush=True
            )
    return restored


def _initial_weights(resolved: Resolved, program: Program, run: Run | Path | str | None) -> InitialWeights | None:
    """What the run takes of another one, which may be at hand; None where it takes nothing. Writes nothing."""
    named = resolved.config.init_from
    if named is None:
        return None
    source = read_source(run if isinstance(run, Run) else named)
    return initial_weights(source, program, average=resolved.config.init_average)


def _first_state(program: Program, weights: InitialWeights | None) -> GanState:
    state = program.initial_state()
    return program.with_weights(state, weights.arrays) if weights else state


def _frozen(program: Program, resolved: Resolved, weights: InitialWeights | None) -> list[str]:
    """A line that says which layers of the critic are frozen, and which of them are frozen as they were drawn."""
    count = program.gan.freeze_critic
    if not count:
        return []
    layers = program.gan.critic_layers(resolved.dataset.sample_shape)
    taken = set(weights.arrays) if weights else set()
    drawn = [
        layer.name
        for layer in layers[:count]
        if not all("/".join(("critic", "params", *path)) in taken for path in layer.paths)
    ]
    names = ", ".join(layer.name for layer in layers[:count])
    left = f"; not taken from another run, and so as it was drawn: {', '.join(drawn)}" if drawn and weights else ""
    return [f"frozen: the first {count} of the critic's {len(layers)} layers ({names}){left}"]


def _time_is_said(resolved: Resolved) -> bool:
    """Whether it is said before the run begins how long it takes: of pictures of one's own, trained on by this process alone."""
    return resolved.config.recipe == own_pictures.NAME and jax.process_count() == 1


def _finite_replicas(state: GanState, replicas: int) -> list[int]:
    """The replicas whose numbers are all finite."""
    leaves = [leaf for leaf in jax.tree.leaves(state) if not jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key)]
    finite = [np.isfinite(processes.whole(leaf)).reshape(replicas, -1).all(axis=1) for leaf in leaves]
    return np.flatnonzero(np.all(finite, axis=0)).tolist()


@contextlib.contextmanager
def _removed_if_nothing_comes_of_it(files: RunFolder) -> Iterator[None]:
    """Removes a new run folder where the run is refused, or does not fit into memory, before anything was logged or saved."""
    try:
        yield
    except (UserError, MemoryError, jax.errors.JaxRuntimeError):
        if processes.is_first() and not files.read_metrics() and not list(files.checkpoints.glob("[0-9]*")):
            shutil.rmtree(files.path, ignore_errors=True)
        raise


def _print_indented(error: DivergedError) -> None:
    print(f"  {error}", flush=True)


def finish(
    config: Config, interrupted: str, on_diverged: Callable[[DivergedError], None] = _print_indented, **how: Any
) -> RunFolder:
    """The run at `config.out`: trained, or resumed where it was interrupted; left alone where it is finished.

    Of replicas that diverge the others are trained; where all did, no last checkpoint is there.

    Args:
        config: of the run; a run that is there already is resumed by its own options.
        interrupted: the text of the KeyboardInterrupt.
        on_diverged: what is done where replicas diverged; without it the error is printed.
        how: `fit`'s `listeners` and `progress`.

    Raises:
        KeyboardInterrupt: on Ctrl-C, with the text `interrupted`.
    """
    assert config.out is not None
    files = RunFolder(config.out)
    try:
        if not is_finished(files, config.steps):
            fit(Config(out=config.out, resume=True, trust=True) if files.exists else config, **how)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(interrupted) from None
    except DivergedError as error:
        on_diverged(error)
    return files


def is_finished(files: RunFolder, steps: int | None = None) -> bool:
    """Whether a run has the checkpoint of its last step: `steps`, or what its configuration says."""
    last = files.read_config().get("steps") if steps is None else steps
    return (files.checkpoints / str(last)).is_dir()


def _resolved(what: Config | Gan, dataset: Any, labels: Any, options: Mapping[str, Any]) -> tuple[Resolved, bool]:
    """What is to be trained, and whether it goes on with a run."""
    if isinstance(what, Gan):
        if dataset is None:
            raise UserError(
                "fit(gan, data, ...): which data? an array, a pair (samples, labels), a Dataset, or a function (key, n) -> samples"
            )
        own = as_dataset(dataset, labels, keep_below=what.n_classes, label_kind="vectors" if what.label_dim else "auto")
        config = config_of(what, own, options)
        _join(config)
        if config.resume:
            config = _config_of_resumed(config)
        return resolve_own(what, own, config), config.resume
    if not isinstance(what, Config):
        raise UserError(f"fit takes a Config or a Gan, not a {type(what).__name__}")
    if options:
        raise UserError(f"fit(config): {next(iter(options))} belongs into the Config")
    _join(what)
    own_data = None if dataset is None else as_dataset(dataset, labels, label_kind=what.label_kind or "auto")
    if what.resume:
        config = _config_of_resumed(what)
        assert what.out is not None
        before = RunFolder(what.out).read_environment(lambda _: None).get("data") or {}  # what is damaged is told below
        if own_data is None and form_of(before.get("name") or "", before.get("sample_shape") or ()):
            own_data = training_data(config, before=before)
    elif what.config is not None:
        saved = read_config_file(what.config)
        check_trusted(saved, what.config, what)
        config = rerun(saved, {**changed_fields(what), "config": None})
    else:
        config = what
    return resolve(config, own_data, saved=what.resume), what.resume


def _join(config: Config) -> None:
    """Joins the processes that train together (`--distributed`)."""
    where: dict[str, Any] = {
        "coordinator": config.coordinator,
        "process_count": config.process_count,
        "process_id": config.process_id,
    }
    if config.distributed:
        processes.join(**where, timeout=config.distributed_timeout or processes.TIMEOUT)
    elif given := [name for name, value in where.items() if value is not None]:
        raise UserError(f"{flag(given[0])} has no meaning without --distributed")


def _measuring(resolved: Resolved, metrics: Mapping[str, Any] | None, progress: bool) -> Measuring:
    """What measures the run; a classifier that has to be trained for it shows how far it is."""
    if not progress:
        return Measuring(resolved, metrics=metrics)
    with progress_bars() as show:
        return Measuring(resolved, metrics=metrics, show=show)


def _writers(files: RunFolder, program: Program, resolved: Resolved, progress: bool, announced: bool) -> list[Listener]:
    """What fills the run folder while it trains, and shows how far it is; the time that the whole takes may have been `announced`."""
    gan, dataset, schedule = program.gan, resolved.dataset, resolved.schedule
    per_epoch = steps_per_epoch(resolved.config, dataset.size)
    view = view_of(gan, dataset)
    if dataset.is_images and not files.real.exists():
        labels = program.picture_groups()[0]
        real = real_pictures(dataset, labels, by_class=gan.n_classes > 0)
        drawn = None if real is None else view.picture(real, labels, "real")
        if drawn is not None:
            save_image(without_link(files.real), drawn)
    bar = ProgressBar(
        steps_per_epoch=None if per_epoch is None else float(per_epoch),
        compiling=program.is_compiling,
        quicker=quicker(resolved.config, dataset),
        every={"log": schedule.log_every, "sample": schedule.sample_every, "measure": schedule.metrics_every},
        announced=announced,
    )
    return [
        MetricsFile(files.metrics),
        TensorBoard(files.tensorboard, view=view),
        SamplePictures(files.samples, view=view),
        CriticPictures(files.critic, dataset.distribution or dataset.scaling),
        Curves(files.metrics, files.curves),
        Page(files.path),
        *([bar, Findings(files.metrics, facts_of(files.read_config(), files.read_environment()))] if progress else []),
    ]


def _config_of_resumed(config: Config) -> Config:
    """The configuration of the run at `config.out`, with those options changed that may change between two halves of a run."""
    if config.out is None:
        raise UserError("--resume: which run? name it with --out RUN")
    files = RunFolder(config.out)
    if not files.exists:
        raise UserError(f"--resume: {config.out} is no run folder: it has no config.json")
    if config.config is not None:
        raise UserError(f"--resume --config: the run at {config.out} has a configuration of its own; give one of the two")
    saved, changes = read_config_file(files.config), changed_fields(config)
    check_trusted(saved, files.config, config)
    _check_same_parts(saved, changes.pop("python", None), config.out)
    return resume_with(saved, changes)


def _check_same_parts(saved: Config, parts: Any, folder: Path) -> None:
    """Refuses to go on with a run that was started with other networks, or by options where a GAN is given, and the other way round."""
    if (saved.python is None) != (parts is None):
        how = "by options" if saved.python is None else "from Python with a Gan"
        raise UserError(f"--resume: the run at {folder} was started {how}; go on with it likewise")
    for name, part in (parts or {}).items():
        before = (saved.python or {}).get(name, {})
        if before.get("import") != part["import"]:
            raise UserError(
                f"--resume: {name} is {part['import']}, and the run at {folder} was started with {before.get('import')}"
            )


def new_folder(config: Config, prefix: str = "") -> Path:
    """Makes the run folder: `--out`, refused where it would overwrite, or the first free runs/DATASET-VARIANT-N."""
    if config.out is not None:
        lock = RunFolder(config.out).lock  # all that is there where a run was killed in its first moment
        if config.out.exists() and (not config.out.is_dir() or any(path != lock for path in config.out.iterdir())):
            raise UserError(f"--out {config.out} is there already: --resume goes on with a run, or name another folder")
        config.out.mkdir(parents=True, exist_ok=True)
        return config.out
    names = [part.replace(":", "_").rstrip("/").rsplit("/", 1)[-1] for part in (config.dataset, config.variant)]
    number = 1
    while True:
        folder = Path("runs") / f"{prefix}{names[0]}-{names[1]}-{number}"
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            number += 1


def _agreed_folder(config: Config) -> Path:
    """A new folder, made by the first process and known to all; a refusal reaches all likewise."""
    answer = ""
    if processes.is_first():
        try:
            answer = f"folder {new_folder(config)}"
        except UserError as error:
            answer = f"refused {error}"
    what, _, words = processes.agreed_text(answer).partition(" ")
    if what == "refused":
        raise UserError(words)
    return Path(words)
