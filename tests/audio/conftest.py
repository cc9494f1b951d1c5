from tests.pulse import pulse, pulse_server

__all__ = ["pulse", "pulse_server"]
