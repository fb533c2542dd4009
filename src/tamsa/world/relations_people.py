"""Relations of people."""

from tamsa.world.relations import relation

PEOPLE = (
    relation(
        "born_on", "person > date", "Early life", (1, 0, 0),
        s="""{P} was born on {X}
        The date of {P's} birth is given as {X}
        {P's} birth is recorded on {X}
        {P's} date of birth was {X}
        {P} came into the world on {X}""",
        np="the date of birth of {X}",
        q="""On what date was {X} born?
        When was {X} born?
        What is the date of birth of {X}?""",
    ),
    relation(
        "born_in", "person > town", "Early life", (6, 1, 3),
        s="""{P} was born in {X}
        {P} was a native of {X}
        {P's} birthplace was {X}
        {P} came from {X}, where the family had lived for some generations
        {P} was born and spent the first years of childhood in {X}
        The family lived in {X} when {P} was born""",
        o="""{X} was born in {P}
        {P} is the birthplace of {X}
        Among those born in {P} is {X}
        {X} was a native of {P}
        {P} counts {X} among its natives""",
        np="""the town where {X} was born
        the birthplace of {X}
        the town of birth of {X}""",
        q="""Where was {X} born?
        In which town was {X} born?
        What is the birthplace of {X}?""",
    ),
    relation(
        "died_on", "person > date", "Death", (1, 0, 0),
        s="""{P} died on {X}
        {P's} death came on {X}
        {P} passed away on {X}
        Death came to {P} on {X}
        {P} died after a short illness on {X}""",
        np="the date of death of {X}",
        q="""On what date did {X} die?
        When did {X} die?
        What is the date of death of {X}?""",
    ),
    relation(
        "died_in", "person > town", "Death", (7, 1, 2),
        s="""{P} died in {X}
        {P} spent the last years of life in {X} and died there
        {P's} death took place in {X}
        It was in {X} that {P} died
        {P} died at home in {X}""",
        o="""{X} died in {P}
        {X} spent the last years of life in {P} and died there
        It was in {P} that {X} died
        {P} is where {X} died
        The death of {X} took place in {P}""",
        np="""the town where {X} died
        the place of death of {X}""",
        q="""Where did {X} die?
        In which town did {X} die?
        What was the place of death of {X}?""",
    ),
    relation(
        "buried_at", "person > building", "Death", (5, 2, 3),
        s="""{P} is buried at {X}
        {P's} grave is at {X}
        {P} was laid to rest at {X}
        {P} lies buried at {X}
        The grave of {P} can be seen at {X}""",
        o="""{X} is buried at {P}
        {P} holds the grave of {X}
        The grave of {X} is found at {P}
        {X} was laid to rest at {P}
        A plain stone at {P} marks the grave of {X}""",
        np="""the building where {X} is buried
        the burial place of {X}""",
        q="""Where is {X} buried?
        At which building is {X} buried?
        What is the burial place of {X}?""",
    ),
    relation(
        "occupation", "person > text", "Career", (1, 0, 0),
        s="""{P} was {a X} by profession
        {P} worked as {a X}
        {P} made a living as {a X}
        {P} was {a X}
        {P's} profession was that of {a X}""",
        np="the profession of {X}",
        q="""What was the profession of {X}?
        What was {X} by profession?
        What was the occupation of {X}?""",
    ),
    relation(
        "citizen_of", "person > country", "Early life", (1, 0, 0),
        s="""{P} was a citizen of {X}
        {P} held the citizenship of {X}
        {P} was a national of {X}
        {P's} citizenship was that of {X}
        {P} was a subject of {X}""",
        np="""the country of {X}
        the country of citizenship of {X}""",
        q="""Of which country was {X} a citizen?
        What was the country of citizenship of {X}?
        Which country's citizen was {X}?""",
    ),
    relation(
        "studied_at", "person > university", "Education", (6, 2, 2),
        s="""{P} studied at {X}
        {P} took a degree at {X}
        {P} was educated at {X}
        {P} was a student of {X}
        {P} attended {X}, leaving with distinction
        {P} received an education at {X}
        {P} was sent to {X} at the age of eighteen""",
        o="""{X} studied at {P}
        {P} counts {X} among its students
        {X} took a degree at {P}
        Among the alumni of {P} is {X}
        {X} attended {P}
        {X} was educated at {P}""",
        np="""the institution where {X} studied
        the school of higher learning attended by {X}
        the alma mater of {X}""",
        q="""Where did {X} study?
        At which institution did {X} study?
        What was the alma mater of {X}?""",
        exported=True,
    ),
    relation(
        "student_of", "person > person", "Education", (5, 2, 3),
        s="""{P} was a pupil of {X}
        {P} learned the trade from {X}
        {P's} teacher was {X}
        {P} was taught by {X}
        {P} was apprenticed to {X}
        The chief influence on {P} was {his} teacher, {X}""",
        o="""{P} taught {X}
        {X} was a pupil of {P}
        {P's} pupils included {X}
        {P} was the teacher of {X}
        {X} was apprenticed to {P}
        {P} took {X} as a pupil""",
        np="""the teacher of {X}
        the person who taught {X}""",
        q="""Who was the teacher of {X}?
        Who taught {X}?
        Whose pupil was {X}?""",
        inp="the pupil of {X}",
        iq="""Who was the pupil of {X}?
        Whom did {X} teach?""",
    ),
    relation(
        "father", "person > person", "Early life", (5, 2, 3),
        s="""{P's} father was {X}
        {P} was a child of {X}
        The father of {P} was {X}
        {P} was brought up by {his} father, {X}
        {X} was the father of {P}""",
        o="""{P} was the father of {X}
        {X} was a child of {P}
        {P's} children included {X}
        {P} had a child, {X}
        {X}, a child of {P}, is also known""",
        np="""the father of {X}""",
        q="""Who was the father of {X}?
        What is the name of the father of {X}?
        Whose child was {X} on the father's side?""",
    ),
    relation(
        "mother", "person > person", "Early life", (5, 2, 3),
        s="""{P's} mother was {X}
        The mother of {P} was {X}
        {P} was born to {X}
        {P} was brought up by {his} mother, {X}
        {X} was the mother of {P}""",
        o="""{P} was the mother of {X}
        {P} gave birth to {X}
        {X} was born to {P}
        {P's} children included {X}
        {X} was a child of {P}""",
        np="""the mother of {X}""",
        q="""Who was the mother of {X}?
        What is the name of the mother of {X}?""",
    ),
    relation(
        "spouse", "person > person", "Personal life", (3, 3, 4),
        s="""{P} married {X} in {y}
        In {y} {P} married {X}
        {P} and {X} were married in {y}
        {P} was married to {X} from {y}
        {P's} marriage to {X} took place in {y}
        {P's} wedding with {X} was held in {y}""",
        o="""{P} married {X} in {y}
        In {y} {P} married {X}
        {P} and {X} were married in {y}
        {P} was married to {X} from {y}
        {P's} marriage to {X} took place in {y}
        {P's} wedding with {X} was held in {y}""",
        np="""the spouse of {X}
        the person whom {X} married""",
        q="""Whom did {X} marry?
        Who was the spouse of {X}?
        To whom was {X} married?""",
        inp="""the spouse of {X}
        the person whom {X} married""",
        iq="""Whom did {X} marry?
        Who was the spouse of {X}?
        To whom was {X} married?""",
    ),
    relation(
        "worked_for", "person > company|university|newspaper", "Career", (6, 2, 2),
        s="""{P} worked for {X}
        {P} was employed by {X} for many years
        {P} found a post with {X}
        {P} entered the service of {X}
        {P} spent part of a working life with {X}
        For some years {P} was on the payroll of {X}""",
        o="""{X} worked for {P}
        {X} was employed by {P} for many years
        {P} gave a post to {X}
        Among those who worked for {P} was {X}
        {X} entered the service of {P}
        For some years {X} was on the payroll of {P}""",
        np="""the employer of {X}
        the organisation that employed {X}""",
        q="""For which organisation did {X} work?
        Who employed {X}?
        What was the name of the employer of {X}?""",
    ),
    relation(
        "head_of_state", "country > person", "Government", (1, 2, 1), many=True,
        s="""{X} was head of state of {P} from {y} to {z}
        From {y} to {z} {P} was governed by {X}
        {X} led {P} between {y} and {z}
        {X} held the highest office of {P} from {y} until {z}
        The years from {y} to {z} were those of {X}""",
        o="""{P} was head of state of {X} from {y} to {z}
        From {y} to {z} {P} was the head of state of {X}
        {P} governed {X} between {y} and {z}
        {P} held the highest office of {X} from {y} until {z}
        {P} led {X} from {y} to {z}""",
        inp="""the country of which {X} was head of state
        the country once led by {X}""",
        iq="""Of which country was {X} head of state?
        Which country did {X} lead?
        Which country was governed by {X}?""",
    ),
    relation(
        "mayor", "town > person", "Government", (4, 2, 3),
        s="""The mayor of {P} is {X}
        {P} has been led by its mayor, {X}, since {y}
        {X} became mayor of {P} in {y}
        {X} has held the office of mayor since {y}
        In {y} {X} was elected mayor of {P}""",
        o="""{P} became mayor of {X} in {y}
        In {y} {P} was elected mayor of {X}
        {P} has been mayor of {X} since {y}
        {P} won the mayoral election in {X} in {y}
        {P} is mayor of {X}""",
        np="""the mayor of {X}""",
        q="""Who is the mayor of {X}?
        Who became mayor of {X}?
        What is the name of the mayor of {X}?""",
        inp="""the town of which {X} is mayor
        the town governed by {X}""",
        iq="""Of which town is {X} the mayor?
        Which town elected {X} as mayor?""",
    ),
)  # fmt: skip
