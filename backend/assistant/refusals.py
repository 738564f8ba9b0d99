"""What the assistant refuses, whoever asks."""

from backend.core.errors import Invalid
from backend.core.languages import Words


class ServiceNotKnown(Invalid):
    code = "service_not_known"
    says = Words(
        "The menu has no such service. See /v1/services.",
        "目錄沒有這項服務，請參閱 /v1/services。",
        "目录没有这项服务，请参阅 /v1/services。",
    )
