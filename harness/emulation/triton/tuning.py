"""`@autotune` without a clock: the first configuration that is left after pruning."""

from typing import Any

from triton.runtime import autotuner


def mend() -> None:
    def run(self: Any, *positional: Any, **options: Any) -> Any:
        self.nargs = dict(zip(self.arg_names, positional, strict=False))
        config = self.prune_configs(options)[0]
        self.best_config = config
        asked = {**options, **config.all_kwargs()}
        full = {**self.nargs, **asked}
        if config.pre_hook is not None:
            config.pre_hook(full)
        # as after a search: what it names is clean when the kernel runs for good
        self.pre_hook(full, reset_only=True) if not self.user_defined_pre_hook else None
        try:
            return self.fn.run(*positional, **asked)
        finally:
            self.nargs = None

    autotuner.Autotuner.run = run
