"""The options of a run as its config.json keeps them: written, read, changed, trained again and gone on with."""

import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jaxgan.errors import UserError, first_line, shortened, unknown
from jaxgan.folder import RunFolder, read_object
from jaxgan.imports import is_import_path
from jaxgan.settings.options import Config, changes_allowed, check_value, flag, names, settled_by

LATER = (
    "python",
    "label_file",
    "label_kind",
    "features",
    "directory",
    "working_size",
    "code_dim",
    "instance_noise",
    "upsampling",
    "class_balance",
)
FORMAT = 1  # of run folders; raised when an older jaxgan would read one wrongly. Those without a number came before it


def to_json(config: Config) -> dict[str, Any]:
    """The options that a run saves, as JSON values.

    Later options are left out where they say nothing, so that a sweep begun before there were these is known again.
    """
    values = {name: getattr(config, name) for name in names(saved=True)}
    values = {name: value for name, value in values.items() if value is not None or name not in LATER}
    return {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}


def with_format(config: Config, version: int = FORMAT) -> dict[str, Any]:
    """What config.json holds: the version of the run folder's format, and the options."""
    return {"format": version, **to_json(config)}


def format_of(path: Path) -> int:
    """The version of the format that a run was begun in, by its config.json: 0 where it names none, or cannot be read."""
    return read_object(path, {"format": int}).get("format") or 0


def fixed_options(config: Config) -> dict[str, Any]:
    """The options that are the same in all of a run, as JSON values: those by which its networks and its steps are made."""
    fixed = names(saved=True, may_change=False)
    values: dict[str, Any] = json.loads(json.dumps({name: value for name, value in to_json(config).items() if name in fixed}))
    return values


def check_fixed(config: Config, before: Mapping[str, Any], path: Path, checkpoint: str) -> None:
    """Refuses a config.json that says something else than the checkpoint's own record; options of one of them alone are passed over.

    Raises:
        UserError: one line that names the first difference.
    """
    for name, value in fixed_options(config).items():
        if name in before and before[name] != value:
            raise UserError(
                f"{path} was changed: it says {name} {value}, and {checkpoint} was made with {before[name]}; put that back"
            )


def code_named(config: Config) -> dict[str, str]:
    """The options whose values name code to be imported, package.module:name."""
    values = {name: getattr(config, name) for name in names(names_code=True)}
    named = {name: value for name, value in values.items() if value is not None and is_import_path(value)}
    if not named:
        return {}
    from jaxgan.data import PREFIXES  # waits for jax

    return {name: value for name, value in named.items() if value.partition(":")[0] not in PREFIXES}


def check_trusted(saved: Config, path: Path, given: Config | None = None) -> None:
    """Refuses to import what a config.json names, unless the options that are `given` name it too, or trust it.

    Raises:
        UserError: one line that says what would be imported, and how to allow it.
    """
    if given is not None and given.trust:
        return
    for name, value in code_named(saved).items():
        if given is None or getattr(given, name) != value:
            too = "" if given is None else f"; or name it too: {flag(name)} {value}"
            raise UserError(
                f"{path} names code to be imported, {name} {value}, which may do anything: if you trust it, add --trust"
                f" (from Python trust=True){too}"
            )


def read_config_file(path: Path) -> Config:
    """The options in a config.json.

    Raises:
        UserError: one line where there is no such file, or it holds no JSON object, a field that is no option, or a value that its option
            does not take; it names the file, the field, the value and what is expected. Or it was written by a newer jaxgan.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"no configuration at {path}: {error.strerror}; expected a run's config.json") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is not JSON: {first_line(error)}") from None
    return config_of_values(values, path)


def config_of_values(values: Any, path: Path) -> Config:
    """The options that `with_format` gave, as JSON values read from `path`.

    Raises:
        UserError: as `read_config_file`.
    """
    if not isinstance(values, dict):
        raise UserError(f"{path} holds no JSON object, as a run's config.json does")
    values = dict(values)
    version = values.pop("format", 0)
    if type(version) is not int or version < 0:
        raise UserError(f"{path}: format {shortened(version)}: expected a whole number, at least 0")
    if version > FORMAT:
        raise UserError(f"{path} is of format {version}, and this jaxgan reads up to {FORMAT}: a newer jaxgan reads it")
    allowed = names(saved=True)
    for name in values:
        if name not in allowed:
            raise unknown(f"the field in {path}", name, allowed)
    return Config(**{name: check_value(name, value, f"{path}: {name}") for name, value in values.items()})


def changed_fields(config: Config) -> dict[str, Any]:
    """The options that are not at their default."""
    default = Config()
    return {
        field.name: getattr(config, field.name)
        for field in dataclasses.fields(Config)
        if getattr(config, field.name) != getattr(default, field.name)
    }


def rerun(saved: Config, changes: dict[str, Any]) -> Config:
    """The options of a run that trains again what a saved one trained, with some changes.

    What an option among the changes settles (`settled_by`) is left open again, and the new run has a folder of its own.
    """
    default = Config()
    reopened = {settled: getattr(default, settled) for name in changes for settled in settled_by(name)}
    return dataclasses.replace(saved, **{"out": None, "config": None, **reopened, **changes})


def resumed(saved: Config, wanted: Config) -> Config:
    """The options that are wanted for the continuation of a run.

    Raises:
        UserError: one of them differs from the saved run's, and may not.
    """
    for name in names(saved=True, may_change=False):
        if getattr(wanted, name) != getattr(saved, name):
            raise UserError(
                f"--resume: {flag(name)} {getattr(wanted, name)} differs from the run's {getattr(saved, name)};"
                f" only {', '.join(flag(n) for n in changes_allowed())} may change"
            )
    return wanted


def resume_with(saved: Config, changes: dict[str, Any]) -> Config:
    """As `resumed`, where only the changes are given; new epochs stand in place of the steps that were saved.

    Raises:
        UserError: as `resumed`.
    """
    if "epochs" in changes:
        changes = {"steps": None, **changes}
    return resumed(saved, dataclasses.replace(saved, **changes))


def apply_flags(read: Callable[[Config | None], Config]) -> Config:
    """The options that flags give, over those of --config or of the run to --resume.

    A run that is to be resumed and is not there (no --out, no config.json in it) is left to whoever resumes it to refuse.

    Args:
        read: reads the flags over options that it is given; over the defaults where None.

    Raises:
        UserError: as `read`, `read_config_file` and `resumed`.
    """
    config = read(None)
    if config.resume and config.out is not None and config.config is None and RunFolder(config.out).exists:
        saved = read_config_file(RunFolder(config.out).config)
        check_trusted(saved, RunFolder(config.out).config, config)
        wanted = read(saved)  # where a flag gives the default and the saved run does not, this shows it
        if wanted.epochs is not None and wanted.steps == saved.steps:
            wanted = dataclasses.replace(wanted, steps=None)
        return resumed(saved, wanted)
    if config.config is not None and not config.resume:
        saved = read_config_file(config.config)
        check_trusted(saved, config.config, config)
        over_saved = read(dataclasses.replace(saved, out=None))
        differing = {
            field.name: getattr(over_saved, field.name)
            for field in dataclasses.fields(Config)
            if getattr(over_saved, field.name) != getattr(saved, field.name)
        }
        return rerun(saved, {**changed_fields(config), **differing, "config": None, "out": config.out})
    return config
