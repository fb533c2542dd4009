# ruff: noqa: E501 - a way to say a thing is one line
"""How texts state facts about works, and about what is made, invented or designed."""

from __future__ import annotations

from tamsa.synthesis.graph.clauses import relation

WORKS = (
    relation("director", "work|event", "person", """
        {S} (was|is) [written, produced and |written and |produced and |co-written and ](directed|co-directed) by {V+}
        {S} was [written, |produced, ][written |produced ][and ]directed by {V+}
        [The ]director of {s} (was|is) {V}
        {v} directed {s+}
        {v} was the director of {s}
        {S} was made under the direction of {V}
        {S} is a work of the director {V}
        {V's} films include {s+}
    """),
    relation("screenwriter", "work", "person", """
        {S} was (written|adapted) for the screen by {V}
        {S's} (screenplay|script) (was|is) [written ]by {V}
        [The ](screenplay|script) (of|for) {s} (was|is) [written ]by {V}
        {v} wrote the (screenplay|script|screenplays) (of|for) {s+}
        {v} supplied the script of {s}
        [The ](script|screenplay) came from {V}
        {S} follows a screenplay by {V}
    """, "work"),
    relation("written_by", "work", "person", """
        {S} was (written|co-written) [and (directed|produced|illustrated|performed|recorded|composed) |and co-produced ]by {V+}
        {S} was (composed|directed|produced) and written by {V+}
    """),
    relation("author", "work", "person", """
        [The ]author of {s} (is|was) {V}
        {v} wrote {s+}
        {v} is the author of {s+}
        {S} (came|comes) from the pen of {V}
        Among the novels of {V} is {s}
        {V's} (novels|books) include {s+}
    """),
    relation("by", "work", "person|organization", """
        {S} is by {V+}
        {S} is in {t} by {V+}
        {S} (was|is) [recorded |performed |sung ][and released ](recorded|performed|sung|released) by {V+}
    """),
    relation("work_of", "*", "person", """
        {S} (is|was) (a|the) work of {V}
    """),
    relation("producer", "work", "person", """
        {S} was [directed and |written and ](produced|co-produced) [and directed |and written ]by {V+}
        [The ]producer of {s} was {V}
        {v} produced {s+}
    """),
    relation("studio", "work", "organization", """
        {S} was produced [and distributed |and released ]by {V+}
        {S} was made [for|by] {V}
        {S's} producing company was {V}
        {v} produced {s+}
        {S} was shot and distributed by {V}
        {v} shot and distributed {s}
        {V's} productions include {s+}
    """),
    relation("distributor", "work", "organization", """
        {S} was [produced and ](distributed|released) by {V}
        {S} was released [on {w} |in {w} ][(on|in) {w} ](by|through|on|via|under) {V}
    """),
    relation("composer", "work", "person", """
        {S's} (music|score) was (written|composed) by {V}
        [The ](music|score|soundtrack) (of|for) {s} (is|was) [composed |written ]by {V}
        {v} (composed|wrote) the (music|score|scores) (of|for) {s+}
        {v} supplied the score of {s}
        [The ]score came from {V}
        {S} has a score by {V}
        {S} was composed by {V+}
        [The ](music|score|soundtrack) (is|was) composed by {V+}
    """, "work"),
    relation("starring", "work", "person", """
        {S} (stars|starred|starring) {V+}
        {S} (stars|features|starring) {V} in the leading (part|role)
        {S} has {V} in the leading part
        [The ]leading (part|role) (went to|is played by|was played by) {V}
        [The ]leading (part|role) (of|in) {s} (went to|is played by|was played by) {V}
        {v} plays the leading part
        {v} (played the leading part|starred|had the leading part) in {s+}
    """, "work"),
    relation("based_on", "work", "work", """
        {S} (is|was) [loosely |partly ](based on|based upon|adapted from) [the ][{t} ][{w} ]{V}
        {S} (is|was) an adaptation of [the ]novel {V}
        {S} is based on the novel {V}
        {S} follows the novel {V}
        [The ]story comes from the novel {V}
        {S} brings the novel {V} to the screen
        {v} was made into the film {s}
        {v} was (filmed|brought to the screen) as {s}
    """, "work"),
    relation("set_in", "work", "place|building", """
        {S} is set [mainly |primarily |mostly ](in|on) {V}
        {S} plays out in {V}
        [The ](story|action|plot) of {s} takes place in {V}
        [The ]story of the (film|novel|book) takes place in {V}
        [The ]action unfolds in {V}
        {S's} setting is [the town of ]{V}
        {v} is the setting of {s+}
        {v} appears as the setting of {s}
        Many know {V} from {s}, which is set there
    """, "work"),
    relation("dedicated_to", "work|building", "person|", """
        {S} (is|was) dedicated to {V}
        {S} carries a dedication to {V}
        [The ]dedication of {s} names {V}
        [A ]short dedication in {s} names {V}
        {v} received the dedication of {s}
        {v} is named in the dedication of {s}
    """),
    relation("running_time", "work", "", """
        {S} runs for {Q:min}
        {S} has a running time of {Q:min}
        {S} is {Q:min} long
        [The ]running time is {Q:min}
        {S} lasts {Q:min}
    """, "work"),
    relation("released", "work|product", "", """
        {S} was [first |originally ](released|issued|launched) [in {n} ][worldwide ][theatrically ][by {n} ](on|in) {W}
        {S} was released {W}
        {S} reached the public in {W}
        [The ]release of {s} followed in {W}
        {S's} release (was|came) in {W}
        In {W} {s} was released
        On {W} {s} was released
    """),
    relation("published", "work", "", """
        {S} was [first |originally ]published [by {n} ][in {n} ](in|on) {W}
        {S} (appeared in print|first appeared in print) in {W}
        In {W} {s} was published
    """),
    relation("came_out", "work", "", """
        {S} (appeared|came out|first appeared) (in|on) {W}
    """),
    relation("premiered", "work", "", """
        {S} [first ](premiered|debuted|aired) [(in|on|at) {n} ]on {W}
        {S} had its [world ]premiere [at {n} ][in {n} ]on {W}
        {S} originally (aired|ran) [on {n} ](from|on) {W}
    """),
    relation("network", "work", "organization", """
        {S} [originally |first ](aired|airs|premiered|debuted) on {V}
        {S} was (broadcast|aired) [on|by] {V}
        {S} (was|is) (broadcast|aired|televised|shown) (on|by) {V}
    """),
    relation("publisher", "work", "organization|person", """
        {S} was [first |originally ][developed and ](published|brought out) [in {w} |on {w} ]by {V}
        {S} was printed and sold by {V}
        {S's} publisher (was|is) {V}
        [The ]publisher of {s} (is|was) {V}
        [The ]house that brought out {s} was {V}
        {v} (published|brought out) {s+}
        Among the books of {V} is {s}
        {V's} list includes {s+}
    """),
    relation("developer", "work|product", "organization", """
        {S} was developed by {V}
        {S} was developed and (published|marketed|manufactured) by {V}
    """),
    relation("artist", "work", "person|organization", """
        {S} was recorded by {V}
        {S} is an album by {V}
        {v} recorded {s+}
        {V's} albums include {s+}
        {S} is the work of the (musician|singer|band) {V}
    """),
    relation("label", "work", "organization", """
        {S} (appeared|came out) on {V}
        {S} was issued by {V}
        {S's} label was {V}
        {v} issued {s+}
        {S} was released (on|under|via) [the ][label ]{V}
    """),
    relation("recorded_in", "work", "place|building|organization", """
        {S} was (recorded|taped) (at|in) {V}
    """),
    relation("painter", "work", "person", """
        {S} was painted by {V}
        {v} painted {s+}
        [The ]painter of {s} (is|was) {V}
        As painter of {s}, {V} is named
        {S} (is|was) from the (brush|hand) of {V}
        {V's} paintings include {s+}
    """),
    relation("painted", "work", "", """
        {S} was painted in {W}
        In {W} {s} was painted
        {S} was finished in {W}
    """),
    relation("depicts", "work", "", """
        {S} (shows|depicts|portrays) {V}
        {S's} subject is {V}
        [The ]subject of {s} is {V}
    """),
    relation("held_by", "work", "building|organization", """
        {S} (hangs|is on display|is kept|is held|can be seen|is housed) (at|in|by) {V}
        {S} (belongs to|is in) the collection of {V}
        {v} (holds|owns|keeps) {s}
        {S} is part of the collection of {V}
    """),
    relation("inventor", "*", "person", """
        {S} was invented by {V}
        [The ]inventor of {s} was {V}
        {v} invented {s+}
        {v} was the inventor of {s}
        {S} is an invention of {V}
        {S} was first built by {V}, its inventor
        {V's} inventions include {s+}
        As inventor of {s}, {V} is named
    """),
    relation("invented", "*", "", """
        {S} was invented [by {n} ]in {W}
        In {W} {s} was (first shown|invented)
        {S} was first (built|shown) in {W}
        [The ]first example of {s} was finished in {W}
    """),
    relation("manufacturer", "product|work|ship|", "organization|person", """
        {S} was manufactured [in series ]by {V}
        {S} (is|was) (made|manufactured|built|produced) in series by {V}
        {S} went into production at {V}
        {v} manufactured {s+}
        {S's} manufacturer was {V}
        {V's} products include {s+}
    """),
    relation("designed_by", "building|work|product|ship|place|", "person|organization", """
        {S} was designed by {V+}
        {S} was (designed|planned) by [the ]architect[s] {V+}
        {S} was built to the (plans|designs|design) of {V}
        {s+} were built to the plans of {V}
        [The ]plans of {s} (were drawn|are) by {V}
        {v} designed {s+}
        {v} drew the plans of {s}
        [The ]design of {s} came from {V}
        {S}: design by {V}
        {V's} designs include {s+}
        As designer of {s}, {V} is named
    """),
    relation("shipbuilder", "ship|product", "organization|person", """
        {S} was built [in {w} ]by {V}
        {S} was laid down at the yard of {V}
        {S's} builder was {V}
        {v} built {s+}
        {S} came from the slipways of {V}
        {V's} ships include {s+}
    """),
    relation("launched", "ship|product", "", """
        {S} was launched [by {n} ][at {n} ][in {n} ](in|on) {W}
        {S} went down the slipway in {W}
        In {W} {s} was launched
        {S} took to the water in {W}
        [The ]launch of {s} took place (in|on) {W}
        {S} was launched {W}
    """),
    relation("captain", "ship", "person", """
        {S} (sailed under|was commanded by) {V}
        {S's} captain was {V}
        {v} was captain of {s}
        {v} commanded {s+}
        {v} was given the command of {s}
        [The ]command of {s} was given to {V}
        {v} took command of {s}
    """),
    relation("tonnage", "ship", "", """
        {S} measured {Q:t}
        {S} was a vessel of {Q:t}
        {S's} tonnage was {Q}
        [The ]tonnage of {s} came to {Q}
        {S} was entered in the register at {Q:t}
    """),
    relation("home_port", "ship", "place|building", """
        {S's} home port was {V}
        {S} was registered at {V}
        {S} sailed from {V}
        [The ]home port of {s} was {V}
        Between voyages {s} lay at {V}, its home port
        {v} was the home port of {s}
        [The ]harbour of {V} was home to {s}
    """),
    relation("album_of", "work", "work", """
        {S} is (the|a) [lead |first |second |third |fourth |final |title |opening ](single|track|song) (from|on|of) (the|their|his|her|its) [{t} ]album[,] {V}
        {S} was released as the [lead |first |second |third ]single from (the|their|his|her) [{t} ]album[,] {V}
    """),
)  # fmt: skip
