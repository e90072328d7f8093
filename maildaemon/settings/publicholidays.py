"""The public holidays of a country or region, as the library `holidays` knows them."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from maildaemon.settings.options import suggestion

# No clock is asked, so that a daemon that runs over New Year does not run out of holidays, and old
# mail is judged by those of its time. What the law will say then nobody knows, and no library.
YEARS = range(2000, 2100)


@dataclass(frozen=True, slots=True)
class PublicHolidays:
    """Days with their names, in the language of the country, and the last year that is known."""

    days: Mapping[date, str]
    last_year: int


def public_holidays(country: str, region: str | None) -> PublicHolidays:
    """Return those of a country that ISO 3166 knows; ValueError says which regions it has."""
    # Loaded only where a country is named: it takes a tenth of a second.
    from holidays import country_holidays

    about = country_holidays(country)
    regions: tuple[str, ...] = tuple(about.subdivisions)
    known = {one.upper(): one for one in regions}
    if region and region not in known:
        raise ValueError(_no_region(country, region, regions, about.subdivisions_aliases))
    first, last = max(YEARS.start, about.start_year), min(YEARS.stop - 1, about.end_year)
    with warnings.catch_warnings(action="ignore"):  # India's: of which years all days are known
        days: Mapping[date, str] = country_holidays(
            country,
            subdiv=known[region] if region else None,
            years=range(first, last + 1),
            language=about.default_language,
        )
    return PublicHolidays(dict(days), last)


def _no_region(
    country: str, region: str, regions: tuple[str, ...], names: Mapping[str, str]
) -> str:
    if not regions:
        return f"no regions of {country} are known; write `{country}`"
    codes = {name.upper(): code for name, code in names.items()}
    advice = f"; did you mean `{country}-{codes[region]}`?" if region in codes else None
    return f"{country} has no region `{region}`{advice or suggestion(region, [*regions])}"
