"""Where the demo's people live: names, towns and firms of one region each, all made up.

Telephone numbers are of the ranges that countries keep free for fiction; a region without such a range has none.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Company:
    """A firm that does not exist, on a domain that never will."""

    name: str
    industry: str
    employees: int

    @property
    def domain(self) -> str:
        """Return the domain of its mail addresses."""
        return self.name.lower().replace(" & ", "-").replace(" ", "-") + ".example"

    @property
    def website(self) -> str:
        """Return the address of its home page."""
        return f"https://www.{self.domain}"


@dataclass(frozen=True, slots=True)
class Place:
    """A region with the names that are common there."""

    country: str
    code: str
    zone: str
    cities: tuple[str, ...]
    phone: str | None  # every # is a digit
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    companies: tuple[Company, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(" "))


PLACES = (
    Place(
        "France",
        "FR",
        "Europe/Paris",
        ("Lyon", "Paris", "Nantes"),
        "+33 1 99 00 ## ##",
        _words("Inès Camille Léa Manon Zoé Hugo Louis Jules Théo Élodie Mathis Sylvain"),
        _words("Moreau Lefèvre Girard Bonnet Dupuis Fontaine Chevalier Marchand Renaud Perrot"),
        (
            Company("Atelier Lumen", "Media", 45),
            Company("Verger Bio", "Food & Beverage", 210),
            Company("Quai Sud Logistique", "Shipping", 640),
        ),
    ),
    Place(
        "Germany",
        "DE",
        "Europe/Berlin",
        ("Berlin", "Leipzig", "Bremen"),
        "+49 30 23125 ###",
        _words("Jonas Lena Felix Hannah Emil Klara Moritz Greta Anton Frieda Jürgen Käthe"),
        _words("Brandt Vogel Krüger Winkler Schäfer Lorenz Böhm Seidel Pohl Hartwig"),
        (
            Company("Hafenwerk", "Manufacturing", 880),
            Company("Kleeblatt Pharma", "Biotechnology", 1500),
            Company("Nordlicht Solar", "Energy", 130),
        ),
    ),
    Place(
        "Sweden",
        "SE",
        "Europe/Stockholm",
        ("Stockholm", "Malmö", "Umeå"),
        "+46 8 465 004 ##",
        _words("Ebba Elsa Alva Saga Nils Oskar Axel Maja Signe Gustav Åsa Björn"),
        _words("Lindqvist Ekström Sjöberg Nyman Holm Wallin Åkesson Forsberg Dahl Engström"),
        (Company("Skogsvik", "Agriculture", 75), Company("Granit Data", "Technology", 320), Company("Tall & Ek", "Retail", 190)),
    ),
    Place(
        "Spain",
        "ES",
        "Europe/Madrid",
        ("Sevilla", "Valencia", "Bilbao"),
        None,
        _words("Lucía Martina Paula Alba Diego Álvaro Javier Marcos Nuria Iker Begoña Íñigo"),
        _words("Ortega Navarro Iglesias Cano Vidal Rubio Herrero Peña Campos Ibáñez"),
        (Company("Olivar Real", "Food & Beverage", 58), Company("Brisa Textil", "Apparel", 410), Company("Faro Seguros", "Insurance", 970)),
    ),
    Place(
        "United Kingdom",
        "GB",
        "Europe/London",
        ("London", "Leeds", "Bristol"),
        "+44 20 7946 0###",
        _words("Amelia Poppy Freya Isla Harriet Alfie Rory Callum Angus Rhys Siân Moira"),
        _words("Whitfield Ashdown Pemberton O'Rourke Kingsley Thorne McAllister Blackwood Hargreaves Lockhart"),
        (
            Company("Kestrel Logistics", "Transportation", 78),
            Company("Harborline", "Shipping", 260),
            Company("Bramble & Fox", "Consulting", 34),
        ),
    ),
    Place(
        "United States",
        "US",
        "America/New_York",
        ("Portland", "Austin", "Columbus"),
        "+1 212 555 01##",
        _words("Madison Harper Savannah Brooke Jordan Tyler Caleb Wyatt Dakota Maya Logan Sierra"),
        _words("Whitaker Delgado Sutherland Okafor Nakamura Brewer Castellano Hensley Prescott Vance"),
        (
            Company("Copper Ridge Health", "Healthcare", 2300),
            Company("Bluegrain Bakery", "Food & Beverage", 95),
            Company("Summit Ledger", "Finance", 540),
        ),
    ),
    Place(
        "Nigeria",
        "NG",
        "Africa/Lagos",
        ("Lagos", "Abuja", "Ibadan"),
        None,
        _words("Amara Chidi Ngozi Tunde Folake Emeka Adaeze Bola Ifeoma Segun Yewande Kelechi"),
        _words("Okonkwo Adeyemi Balogun Eze Nwosu Olawale Obi Adebayo Uche Bello"),
        (Company("Okafor Consulting", "Consulting", 22), Company("Palmline Energy", "Energy", 730), Company("Savanna Pay", "Finance", 180)),
    ),
    Place(
        "India",
        "IN",
        "Asia/Kolkata",
        ("Pune", "Kochi", "Jaipur"),
        None,
        _words("Aarav Diya Ishaan Kavya Rohan Meera Vikram Ananya Nikhil Priya Tara Arjun"),
        _words("Deshpande Iyer Kulkarni Menon Reddy Banerjee Chopra Nair Saxena Bhatt"),
        (
            Company("Monsoon Labs", "Technology", 410),
            Company("Saffron Freight", "Transportation", 1250),
            Company("Indigo Looms", "Apparel", 65),
        ),
    ),
    Place(
        "Brazil",
        "BR",
        "America/Sao_Paulo",
        ("Curitiba", "Recife", "Santos"),
        None,
        _words("Beatriz Thiago Larissa Rafael Júlia Caio Letícia Bruno Marina Otávio Lívia João"),
        _words("Carvalho Teixeira Barros Monteiro Freitas Azevedo Cardoso Ramos Moraes Conceição"),
        (
            Company("Azulejo Casa", "Construction", 140),
            Company("Rio Claro Papel", "Manufacturing", 900),
            Company("Vento Norte", "Energy", 47),
        ),
    ),
    Place(
        "Australia",
        "AU",
        "Australia/Sydney",
        ("Hobart", "Perth", "Geelong"),
        "+61 3 5550 ####",
        _words("Matilda Jasper Evie Lachlan Ruby Cooper Sienna Darcy Imogen Banjo Tahlia Heath"),
        _words("Kowalski Fairweather Nguyen Sorensen Doyle Pappas Macpherson Lindley Rowe Everett"),
        (
            Company("Wattle Creek Wines", "Food & Beverage", 38),
            Company("Southern Cross Rail", "Transportation", 3100),
            Company("Tidepool Media", "Media", 27),
        ),
    ),
)
