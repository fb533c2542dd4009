"""Words that are never coined as names: ordinary ones, well-known names, and words nobody wants on a page."""

from __future__ import annotations

from tamsa.world.cultures import words

BLOCKED = frozenset(
    words(
        """
        about above abroad across actor again agent agri agro akin alarm alba albania album alder ales alia alien
        alla aller allow alloy alma almond alone along also amba amber ambit amnesia among ange angel anger angle
        angola animal ankle anna anno annul annus ante anus apart apple april apse apses areas arena argon argue
        aria armed armor armour aroma arrow arte aside asked asset aster atlas attend audio aural austria avoid
        award baba backer bacon bada badge baker balance ballet ballot balsa banal banana banda bandana banded
        bandit banka banner barber bare barge barista barn baron baronet barter basa basal bases basic basil basin
        basis basket basso bastard baton batten batter beard beast began begin begun beli bella belle belles belli
        bench bene bento beret bergen berlin berry bested beta betel better bevel biker bile billet binder binge
        bingo birch bison bitch bitten bitter black blade blame blend block board bogota bogus bolder bolic bolo
        bombard bomber bona bone bono bonus border bore bored borne boron bosnia bossa boston botany bottle bottom
        bounty bovine bracket brain brand brass brave brazil bread break brevet brick bridal bride brief brine bring
        brisket broken bronze brothel brother brown brush budget bullet bundle burden bureau burger burn burner
        burundi buses buster butte butter button cabin cable caller camber cambio camel canada canal candle cane
        canes canine cannon canoe canon cantar canto canton cantor canyon carat cardio care caretta cargo carmine
        carol carpet carte cartel carton casa casino cassette cassia castle castor cattle cave cedar cella cellar
        cello cement centar centaur center chad chain chair chalet chalk chamber change channel chante chantun charm
        chart charter chase cheese chemin cherry chest chief child chile chili chilli china chiral chital chitin
        chive choir choline choral choro church cinder cine cinema circle cire civil clamp claret class clean clear
        clever climate climber clinic clock clonal clone clones closer closes clothes cloud clove clover coast cobra
        cola colder collar colon colony color combat combine combo comedy comic condor cone cones conte contour
        copper coral cordon core corner corona costar cotta cotton council count counter countout county courier
        courtier cousin cove coven cover craft crane cream crime croatia crown cruel crystal cunt cure daba dahi
        dairy dale damage dame dana dance danger daniel dare dark darling darter data datum david dealer decade
        decker dela delhi deli della delle dello delta demi demon demos denier denim denmark dera dermal desert
        design destino deter device devil devout dick diesel differ dike dikes dime dimer dinar diner dingo dinner
        dire distal diva dive dived diver divine doctor dollar dolmen dolphin dome domed domes done donna donor
        doses double dove dozen dragon drama dramma drastic dream drink drive driver drone drones drove drummer dude
        duller dune dura durum dusted dutar dyke dykes dyne eager early earth egypt elder elect elle elles else emir
        emit empty ended enduro engulf ennui enough enter eras error ester ether ethic ethos ethyl event exile fable
        factor fade faggot fallen fallout famed famer family famine fandom fare fared farmer fasten faster fatal
        father fattiness fatto fault faunal faune favor favour felid feline fellow felon femur fended fennel feral
        ferina fever fiber fide field file fille filler final finance finder fine finer finger finish finland fire
        fired fished fisher five flame flare flavor florin flower fodder folder folio folles fora fore forest forged
        forget formal format former forte fortune fossil foster found frame france free fresh friend fringe front
        frontal frozen fruit fuck fuga fuller funder furor further fuses fusil future gala galas gale gallery gallon
        gallus gamba gamble game gamer games gamma gamut garde garden gari garland garlic garner garnet gata gather
        gatto gave gavel gecko geckos gellan gender gene genes genre gente gentle germany getter ghana giant giga
        ginger girder giri give given giver glass glider global globe glory goda golden gone gonzo gopher gora gore
        gores gorge gorges gorod gotten gourmet grade grader grain grammar grand grande grander granges grant grape
        graph grass grave gravel greece green greve grill grille grilles grinder grittiness grivet groan grosser
        grotto ground group grove grunge guard guest guide gunner habit hachi hallen halo halter halve hamam hamburg
        hamin hammer handed hander handle hangar hanger hangul hanja harbor harden harder hare harem harness hata
        hatred havana have haven heart heaven hello helmet henge herald herder here heron hidden hide hinder hinge
        hinges hire hired hitler hitter hive hiver holdem holder hole holed holland hollow holy homer homme honden
        honest honor horror hosted hotel hotter hover human humid hummel humor hunger hunter ichi ideas iman import
        india indri ingas init inland inner intel inter into invade iran iraq iron island italy jacket jade japan
        jelly jihad jima jinja jive jolly joule judge june junior jure juror kabul kakko kama kame kami kana kanal
        kanji kara karat karate karma kata kaza kendo kenya kernel kettle khaki killer kilo kina kinder kitchen
        kitten kiva kola kolkata kora koran korea koruna kosher koto krona kroner kula kumi kuna kuni kura kyoto
        label labor ladder laden lagoon lake lakes lame lander lane lanes lapse large larger larva laser lasted
        latin latte latter laundry lava lawn leader leben lemon lender lenin lenten lessen lesser lesson letter
        level lever libel liberty libya lifter lignin like likes lila lilac lima liman limbo lime limit linden line
        lined linen liner lines lingam linger lintel liquor lista listed listen liter litter little live lived liver
        llama loban lobby local locka locker logic london lone loner longa longer lore lotion love lover lower luka
        lumbar luna lunar lunch lune lure lurid lyle machi macho madam made madness madrid mafia mages magic magnet
        maha mailer makar make maker makes malaria malawi malaysia male males mali malice mallard mallet mambo
        mammal manager manat mandal mandate mane manga mango mania manic manila manner manor manta mantra manual
        marble march mare mares margin maria marin marina marine marja market marque marten martin maru maser masked
        masse masted master mata mater matte matter medal media medic mega megye melody melon member meme memes
        memory memos mental mentor menus mere merge merged merger merit mesa mesas mesta meta metal meter metro
        mexico michi midland milan milano milder mile miler miles mille miller millet milli mime mimic mine miner
        mines mini minor minus minute mire mired mires miser mister mital miter mitten miya mobile modal mode model
        modern modes molar mole moment mona monarch monde mondo money monitor mono monster montan montane moral
        morale more mores morgen morning morocco mortal mortar moscow mother moto motor motte motto mousse mova move
        moved mover mule mullet mumbai mummy mundo mura mural murder museum music musket mustard mutter mydas nadir
        naked nakhon name names namibia nana nano nara nasal natal nation native nature naval nave navel nazi negro
        nepal nephew nerve nested never nickel niger nigeria nigga nigger night nine ninja nipa nitro noble node
        nodes nomad nome nomen none normal north norway noses notice notte nouveau nouvelle nova novel novella
        novice novo nude number nylon object ocean offer office often older ondek ones onger onion onto opera option
        orbit order ores organ osaka ossia other ottawa otter outer owner oyster pagan pager pages paint paksha pale
        paler palette palika panama panda pandas pane panel panes panic panis panther papa papal paper paprika para
        parade pardon pared parent pares paris parlor parrot parter parti party parum passer pasta pasted pastel
        pastor patent pathos patrol patter pattern pave paved peace pearl pedal pele pellet penal penalty penance
        pene penis penta people pepper peri peril period permit person petal petit phone phones phyla piano picnic
        pike pile piles pillar pilot pilota pine pines pirate pistol piston pita pitch pivot place plain planet
        plant plate plaza poem poke poker pokes poland polar polder pole poles police polio polis polite polka
        pollen polo portal porte porter poses posse postal poster potato potter powder power prague prank prefer
        press pretty price priest prince prison profit prune pubic pulse puma pumpkin pundit pupal pupil puppet pure
        purine purple pusan pusher putin pylon pyrope python quality queen quick quito rabbit racer radar radio
        radios radon raga rahu rakat rake raked rana random ranga range ranger ransom rape rapist rare rarer raster
        ratha rather rave raven ravine razed razor reader rebar recent record reform regal region regis regnal
        relevance relic relish remark remind remit renal render rental repair reptile reran rerun resin resort
        rested result retina retro return reveal rhesus rhino ribbon ridden ride rider rides rigor rille rilles
        rises rival river roast robed robin robot rocker rocket rode role roles roller rollin rollout roma roman
        romance rosa rose roster rotten roulette round rover rudder rude rudos rudra rule ruled ruler rumba rune
        runes runic runner rural rushed rusher russia rwanda saber sacker saddle safari saint sake sala salad salami
        salat sale sales salim saline salmon salon salsa sama samba sambar sambo same sandal sane santa sarda
        sardine satin saturn sauna savage save saved saver scale scandal school screen search season second secret
        sedan sede sedis select selin seller sellout semen semi senate senator sender senior senna sensor senza
        seral serbia serene sergem seria serial series serine serio sermon serum server setter seven shadow shake
        shakha shallow shaman shame share sharia sharp shaven shelter sheriff shikhara shima shinden shine shirt
        shishi shit shore short should shower side sided sides signal signer signet signor sillon silo silos silver
        sine singer sinko sinter sire sired siren sires sisal sister sistra sitar sitter skate sketch skill skirt
        slave slender slider sliver slope slut small smart smile smoke smoker snake sober social socket soda sofia
        sola solar solder soldier sole solemn soles solid solo solos solution soma somalia somber some sonar sonata
        sonic sore south spain spare spark speak spend spider spirit stable stacker stade stadia stadium staff stage
        stair staked stale stalin stall stammer stamp stand stanza star stare start starter starve state static
        station statue stave steal steam steel stela stele stellar stern sterol sticker stoker stole stone store
        stored storm story stove strand stranger street strike string strong student studio sucker sudan sudden
        sugar sultan sumi summa summer summon sumo sunday supper sure surge surgeon sushi swamp swan sweden sweet
        syria table tachi tailor taka take taken taker takes tale talent tales taller talon taluk tambon tame tamed
        tamil tandem tango tani tanka tanner tannin tapa tara tarda target tarmac taro tarot tartan tasim tassel
        tasted tavern tease tehran tele teller temper temple tended tender tendon tenet tennis tenor tera terrae
        terror tested tester tether thank theater thema theme themes there third three throne tibia ticker ticket
        tidal tide tides tiger tile tiled tiles tili timber time timed timer times timid tinder tines tinge tipi
        tire tired tires titan tithis titi toast today toilet token tokyo tomato tonal tone toned tones tonic tonnes
        topic torch tore torino toronto toros torque torrid tortoise total totem towel tower tracker trade traded
        trader tragic train travel treat trend trial tribe trick trivia troll trout trova trove truck trust trusted
        trutta tuba tumor tuna tundra tune tuner tunisia turban turbo turkey turn turned turner tutor tutte tuya
        tyre tyres uganda umami under undo union unit unite unter until unto upper urban urge urged urine usher
        utaki utter vacant vagina vale valet valid valley valor valour value valve vana vane vanilla vapor vassal
        vector veda velvet vendor venom vera verano verde vermin vernal verona verse verte vessel vested victim vida
        vide video vienna vignette vile villa village ville vina vine vinegar violin viper viral virus vision visit
        vista vita vital vivir vivo vocal voda vodka volcano vole volume voter wagon waist wala walker wallon wander
        wanna warden warm warning washi water weather wedding welcome western whale wheat wheel whore window winger
        winner winter wisdom woman wonder wooden worker world worry wreath writer wushu xenon xine xylene yama yami
        yari yellow yoga zambia zebra zero zeros zona zone zorgen
        """
    )
)
"""Found by coining some millions of words and keeping those that a reader would know, plus some by hand."""

BLOCKED_PARTS = ("fuck", "shit", "cunt", "nigg", "nazi", "rape", "slut", "penis", "anus", "whore", "porn", "sex", "kkk")
