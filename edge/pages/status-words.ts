// What the status page says, in each language of words.ts. One entry per language, all with the same keys. `{…}` is
// replaced by marked-up text or a number.

export interface StatusWords {
  /** What the page is called where another one links to it. */
  readonly link: string;
  readonly awake: string;
  readonly awakeText: string;
  readonly asleep: string;
  readonly lost: string;
  readonly lostText: string;
  readonly never: string;
  readonly since: string;
  readonly services: string;
  readonly up: string;
  readonly down: string;
  readonly resting: string;
  readonly unknown: string;
  /** `{state}` and `{time}`: "up since 7:30". */
  readonly stateSince: string;
  readonly back: string;
  readonly waits: string;
  readonly none: string;
  /** While home is up, and while it is away. */
  readonly onTheWay: string;
  readonly waiting: string;
  readonly oldest: string;
  readonly ofService: string;
  readonly week: string;
  readonly weekAwake: string;
  readonly weekAsleep: string;
  readonly weekLost: string;
  readonly weekUnknown: string;
  readonly hours: string;
  readonly pages: string;
  readonly asOf: string;
  readonly json: string;
}

export const statusWords: Readonly<Record<string, StatusWords>> = {
  en: {
    link: 'How home is doing',
    awake: 'Awake',
    awakeText: 'The small computer that serves this site is up.',
    asleep: 'Asleep',
    lost: 'Out of reach',
    lostText: 'The small computer that serves this site went without a word. Power or network may be out.',
    never: 'Not here yet',
    since: 'Since {time}.',
    services: 'Services',
    up: 'up',
    down: 'down',
    resting: 'resting',
    unknown: 'not known',
    stateSince: '{state} since {time}',
    back: 'expected back {time}',
    waits: 'What waits',
    none: 'Nothing is waiting.',
    onTheWay: 'Up to {count} messages are on their way in.',
    waiting: 'Up to {count} messages are kept here and will be delivered when home is back.',
    oldest: 'The first came {time}.',
    ofService: 'up to {count} waiting',
    week: 'The last seven days',
    weekAwake: 'awake',
    weekAsleep: 'asleep',
    weekLost: 'out of reach',
    weekUnknown: 'not known',
    hours: 'Hours of the day, in UTC',
    pages: 'While home is away, profiles are shown as they were {time}.',
    asOf: 'As of {time}.',
    json: 'The same as JSON',
  },
  es: {
    link: 'Cómo está la casa',
    awake: 'Despierto',
    awakeText: 'El pequeño ordenador que sirve este sitio está encendido.',
    asleep: 'Durmiendo',
    lost: 'Fuera de alcance',
    lostText: 'El pequeño ordenador que sirve este sitio se fue sin avisar. Quizá falte la luz o la red.',
    never: 'Todavía no está aquí',
    since: 'Desde: {time}.',
    services: 'Servicios',
    up: 'en marcha',
    down: 'parado',
    resting: 'en reposo',
    unknown: 'se desconoce',
    stateSince: '{state} desde: {time}',
    back: 'se espera {time}',
    waits: 'Lo que espera',
    none: 'No hay nada en espera.',
    onTheWay: 'Hasta {count} mensajes están en camino.',
    waiting: 'Hasta {count} mensajes están guardados aquí y se entregarán cuando vuelva.',
    oldest: 'El primero llegó {time}.',
    ofService: 'hasta {count} en espera',
    week: 'Los últimos siete días',
    weekAwake: 'despierto',
    weekAsleep: 'durmiendo',
    weekLost: 'fuera de alcance',
    weekUnknown: 'se desconoce',
    hours: 'Horas del día, en UTC',
    pages: 'Mientras no está, los perfiles se muestran como eran {time}.',
    asOf: 'Datos de: {time}.',
    json: 'Lo mismo en JSON',
  },
  fr: {
    link: 'Comment va la maison',
    awake: 'Éveillé',
    awakeText: 'Le petit ordinateur qui sert ce site est en marche.',
    asleep: 'Endormi',
    lost: 'Hors de portée',
    lostText: 'Le petit ordinateur qui sert ce site est parti sans prévenir. Le courant ou le réseau manque peut-être.',
    never: 'Pas encore là',
    since: 'Depuis {time}.',
    services: 'Services',
    up: 'en marche',
    down: 'arrêté',
    resting: 'au repos',
    unknown: 'inconnu',
    stateSince: '{state} depuis {time}',
    back: 'retour prévu {time}',
    waits: 'Ce qui attend',
    none: 'Rien n’attend.',
    onTheWay: 'Jusqu’à {count} messages sont en chemin.',
    waiting: 'Jusqu’à {count} messages sont gardés ici et seront remis à son retour.',
    oldest: 'Le premier est arrivé {time}.',
    ofService: 'jusqu’à {count} en attente',
    week: 'Les sept derniers jours',
    weekAwake: 'éveillé',
    weekAsleep: 'endormi',
    weekLost: 'hors de portée',
    weekUnknown: 'inconnu',
    hours: 'Heures du jour, en UTC',
    pages: 'En son absence, les profils sont montrés tels qu’ils étaient {time}.',
    asOf: 'État : {time}.',
    json: 'La même chose en JSON',
  },
  de: {
    link: 'Wie es zu Hause steht',
    awake: 'Wach',
    awakeText: 'Der kleine Computer, auf dem diese Seite liegt, ist an.',
    asleep: 'Schläft',
    lost: 'Nicht erreichbar',
    lostText:
      'Der kleine Computer, auf dem diese Seite liegt, ging ohne ein Wort. Vielleicht fehlt der Strom oder das Netz.',
    never: 'Noch nicht da',
    since: 'Seit: {time}.',
    services: 'Dienste',
    up: 'läuft',
    down: 'aus',
    resting: 'ruht',
    unknown: 'nicht bekannt',
    stateSince: '{state} seit: {time}',
    back: 'zurück {time}',
    waits: 'Was wartet',
    none: 'Nichts wartet.',
    onTheWay: 'Bis zu {count} Nachrichten sind unterwegs.',
    waiting: 'Bis zu {count} Nachrichten liegen hier und werden zugestellt, sobald er zurück ist.',
    oldest: 'Die erste kam {time}.',
    ofService: 'bis zu {count} warten',
    week: 'Die letzten sieben Tage',
    weekAwake: 'wach',
    weekAsleep: 'schlief',
    weekLost: 'nicht erreichbar',
    weekUnknown: 'nicht bekannt',
    hours: 'Stunden des Tages, in UTC',
    pages: 'Solange er weg ist, werden Profile gezeigt, wie sie {time} waren.',
    asOf: 'Stand: {time}.',
    json: 'Dasselbe als JSON',
  },
};
