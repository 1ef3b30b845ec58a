"""Privacy policy: which hosts may be asked about which attribute, checked before a name is looked up."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from unco.errors import Unavailable
from unco.tools.llm.request import Purpose
from unco.types import Attribute

Hosts = str | tuple[str, ...]
"""`any`, `local`, or names of hosts in lower case, without port."""


@dataclass(frozen=True, slots=True)
class Privacy:
    """A privacy policy; by default the endpoint may be asked about every attribute of a post that is not private."""

    span: Hosts = "any"
    type: Hosts = "any"
    region: Hosts = "any"
    private_posts: Hosts = "local"
    """For posts that their caller marks private: holds beside the attribute's own rule."""
    longest_side: int | None = None
    """Pixels; larger pictures are sent shrunk to it. None = as the model's box frame has it."""
    crop: frozenset[str] = field(default_factory=frozenset)
    """Attributes for which only the entity's own box is sent, and no picture where it has none: `type` or nothing."""

    def check(self, base_url: str, purpose: Purpose) -> None:
        """Refuse a host that may not be asked about this.

        Raises:
            Unavailable: this host may not be asked about this.
        """
        host = host_of(base_url)
        rules: dict[Attribute, Hosts] = {"span": self.span, "type": self.type, "region": self.region}
        # A whole post shows all three, and so may what has no rule of its own.
        about = [purpose.attribute] if purpose.attribute in rules else list(rules)
        if not all(_allows(rules[attribute], host) for attribute in about):
            raise Unavailable(
                f"policy: host {host!r} may not be asked about the {purpose.attribute or 'whole post'}", "policy"
            )
        if purpose.private and not _allows(self.private_posts, host):
            raise Unavailable(
                f"policy: the post is private, and host {host!r} may not be asked about private posts", "policy"
            )


def host_of(base_url: str) -> str:
    """Return the host of an address, lower case, without port."""
    return (urlsplit(base_url).hostname or "").lower()


def is_local(host: str) -> bool:
    """Return whether a host is this machine, by its name alone: localhost, or a loopback address."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _allows(rule: Hosts, host: str) -> bool:
    if isinstance(rule, str):
        return rule == "any" or (rule == "local" and is_local(host))
    return host in rule
