// What the friendly page says, in each language that it speaks. One entry per language, all with the same keys.

export interface Words {
  readonly asleepTitle: string;
  readonly asleep: string;
  /** `{time}` is replaced by when home expects to be back, as marked-up text. */
  readonly backAt: string;
  readonly backSoon: string;
  readonly awayTitle: string;
  readonly away: string;
  readonly neverTitle: string;
  readonly never: string;
  /** Home is there, and the service that this page belongs to is not. */
  readonly partTitle: string;
  readonly partStarting: string;
  readonly partStopped: string;
  readonly partFailing: string;
  /** As backAt, of that service. */
  readonly partBackAt: string;
  readonly partBackSoon: string;
  readonly partWhy: string;
  /** Why: said once, at the end. */
  readonly why: string;
  /** What was at this address was deleted by whoever wrote it. */
  readonly goneTitle: string;
  readonly gone: string;
}

export const words: Readonly<Record<string, Words>> = {
  en: {
    asleepTitle: 'Asleep, back soon',
    asleep: 'The small computer that serves this site is asleep.',
    backAt: 'It expects to be back {time}.',
    backSoon: 'It will be back when there is power again, usually within a day.',
    awayTitle: 'Out of reach',
    away: 'The small computer that serves this site cannot be reached just now. Please try again in a few minutes.',
    neverTitle: 'Not here yet',
    never: 'The small computer that will serve this site has not come on yet.',
    partTitle: 'Resting for now',
    partStarting: 'This part of the site is being started.',
    partStopped: 'This part of the site is resting.',
    partFailing: 'This part of the site does not answer just now.',
    partBackAt: 'It is expected back {time}.',
    partBackSoon: 'Please try again in a few minutes.',
    partWhy: 'What you send to the people here is kept and will reach them.',
    why: 'It runs at home and sleeps when its power is low. What you send to the people here is kept and will reach them.',
    goneTitle: 'Gone',
    gone: 'What was here was deleted by whoever wrote it.',
  },
  es: {
    asleepTitle: 'Durmiendo, volverá pronto',
    asleep: 'El pequeño ordenador que sirve este sitio está durmiendo.',
    backAt: 'Espera volver {time}.',
    backSoon: 'Volverá cuando haya energía de nuevo, normalmente en menos de un día.',
    awayTitle: 'Fuera de alcance',
    away: 'En este momento no se puede contactar con el pequeño ordenador que sirve este sitio. Inténtalo de nuevo en unos minutos.',
    neverTitle: 'Todavía no está aquí',
    never: 'El pequeño ordenador que servirá este sitio aún no se ha encendido.',
    partTitle: 'Descansando por ahora',
    partStarting: 'Esta parte del sitio se está poniendo en marcha.',
    partStopped: 'Esta parte del sitio está descansando.',
    partFailing: 'Esta parte del sitio no responde en este momento.',
    partBackAt: 'Se espera que vuelva {time}.',
    partBackSoon: 'Inténtalo de nuevo en unos minutos.',
    partWhy: 'Lo que envíes a las personas de aquí se guarda y les llegará.',
    why: 'Está en una casa y duerme cuando le queda poca energía. Lo que envíes a las personas de aquí se guarda y les llegará.',
    goneTitle: 'Ya no existe',
    gone: 'Lo que había aquí fue borrado por quien lo escribió.',
  },
  fr: {
    asleepTitle: 'Endormi, bientôt de retour',
    asleep: 'Le petit ordinateur qui sert ce site est endormi.',
    backAt: 'Il pense être de retour {time}.',
    backSoon: 'Il reviendra quand il aura de nouveau du courant, en général dans la journée.',
    awayTitle: 'Hors de portée',
    away: 'Le petit ordinateur qui sert ce site est injoignable pour le moment. Réessayez dans quelques minutes.',
    neverTitle: 'Pas encore là',
    never: 'Le petit ordinateur qui servira ce site n’a pas encore été allumé.',
    partTitle: 'Au repos pour le moment',
    partStarting: 'Cette partie du site est en train de démarrer.',
    partStopped: 'Cette partie du site se repose.',
    partFailing: 'Cette partie du site ne répond pas pour le moment.',
    partBackAt: 'Son retour est prévu {time}.',
    partBackSoon: 'Réessayez dans quelques minutes.',
    partWhy: 'Ce que vous envoyez aux personnes d’ici est gardé et leur parviendra.',
    why: 'Il vit dans une maison et dort quand il lui reste peu de courant. Ce que vous envoyez aux personnes d’ici est gardé et leur parviendra.',
    goneTitle: 'Disparu',
    gone: 'Ce qui était ici a été supprimé par la personne qui l’avait écrit.',
  },
  de: {
    asleepTitle: 'Schläft, bald zurück',
    asleep: 'Der kleine Computer, auf dem diese Seite liegt, schläft gerade.',
    backAt: 'Er rechnet damit, {time} zurück zu sein.',
    backSoon: 'Er ist zurück, sobald wieder Strom da ist, meist noch am selben Tag.',
    awayTitle: 'Nicht erreichbar',
    away: 'Der kleine Computer, auf dem diese Seite liegt, ist gerade nicht erreichbar. Bitte in ein paar Minuten noch einmal versuchen.',
    neverTitle: 'Noch nicht da',
    never: 'Der kleine Computer, auf dem diese Seite liegen wird, war noch nicht eingeschaltet.',
    partTitle: 'Ruht gerade',
    partStarting: 'Dieser Teil der Seite wird gerade gestartet.',
    partStopped: 'Dieser Teil der Seite ruht gerade.',
    partFailing: 'Dieser Teil der Seite antwortet gerade nicht.',
    partBackAt: 'Er soll {time} zurück sein.',
    partBackSoon: 'Bitte in ein paar Minuten noch einmal versuchen.',
    partWhy: 'Was Sie den Menschen hier senden, wird aufgehoben und kommt an.',
    why: 'Er steht in einer Wohnung und schläft, wenn der Strom knapp wird. Was Sie den Menschen hier senden, wird aufgehoben und kommt an.',
    goneTitle: 'Gelöscht',
    gone: 'Was hier stand, wurde von der Person gelöscht, die es geschrieben hat.',
  },
};

/** The words for a language tag (BCP 47), by its first part; English for a language that has none here. */
export function wordsFor(language: string): { readonly lang: string; readonly words: Words } {
  const lang = language.toLowerCase().split('-')[0] ?? '';
  const spoken = Object.hasOwn(words, lang) ? words[lang] : undefined;
  return spoken === undefined ? { lang: 'en', words: words.en as Words } : { lang, words: spoken };
}
