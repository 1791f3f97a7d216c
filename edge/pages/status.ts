// The status page: how home is now and when it is expected back, its services, what waits, and how its week went. Made
// from what any stranger may know (status-facts.ts), in one piece: no script, nothing fetched.

import { atClock, expectedBack, longAgo } from './expected-back.ts';
import { escapeHtml, shell } from './frame.ts';
import type { PublicService, PublicStatus } from './status-facts.ts';
import { weekPicture } from './status-picture.ts';
import { statusStyle } from './status-style.ts';
import { type StatusWords, statusWords } from './status-words.ts';
import { type Words, wordsFor } from './words.ts';

export const statusPath = '/.porchlight/status';
export const statusJsonPath = '/.porchlight/status.json';

interface Said {
  readonly lang: string;
  readonly words: Words;
  readonly own: StatusWords;
  readonly status: PublicStatus;
}

/** `lang` is one of words.ts. */
export function statusPage(status: PublicStatus, lang: string, site: string | null): string {
  const { words } = wordsFor(lang);
  const own = statusWords[lang] ?? (statusWords.en as StatusWords);
  const said = { lang, words, own, status };
  const { title, sentences } = homeSaid(said);
  const body = [
    ...sentences.map((sentence) => `<p>${sentence}</p>`),
    servicesSaid(said),
    waitingSaid(said),
    status.home.state === 'never' ? '' : section('week', own.week, weekPicture(status.week, status.at, lang, own)),
    footSaid(said),
  ];
  return shell({ lang, site, title, style: statusStyle, body: body.filter((part) => part !== '').join('\n') });
}

function homeSaid({ lang, words, own, status }: Said): { title: string; sentences: string[] } {
  const { state, since, expectedBack: back } = status.home;
  const sinceSaid = since === null ? [] : [fill(own.since, atClock(since, status.at, lang))];
  switch (state) {
    case 'awake':
      return { title: own.awake, sentences: [[own.awakeText, ...sinceSaid].join(' ')] };
    case 'asleep': {
      const when = back === null ? words.backSoon : fill(words.backAt, expectedBack(back, status.at, lang));
      return { title: own.asleep, sentences: [[words.asleep, ...sinceSaid].join(' '), when] };
    }
    case 'lost':
      return { title: own.lost, sentences: [[own.lostText, ...sinceSaid].join(' ')] };
    case 'never':
      return { title: own.never, sentences: [words.never] };
  }
}

function servicesSaid(said: Said): string {
  const { own, status } = said;
  if (status.services.length === 0) return '';
  const items = status.services.map((service) => `<li>${serviceSaid(service, said)}</li>`);
  return section('services', own.services, `<ul class="services">\n${items.join('\n')}\n</ul>`);
}

function serviceSaid(service: PublicService, { lang, own, status }: Said): string {
  const { state, since, expectedBack: back, waiting } = service;
  const word = own[state];
  // When all of home sleeps, each service is as home is, and the page has said that above.
  const isOwn = status.home.state === 'awake';
  const details = [
    since === null || !isOwn
      ? word
      : own.stateSince.replace('{state}', word).replace('{time}', () => atClock(since, status.at, lang)),
    ...(back === null || !isOwn ? [] : [fill(own.back, expectedBack(back, status.at, lang))]),
    ...(waiting.upTo === 0 ? [] : [count(own.ofService, waiting.upTo, lang)]),
  ];
  return `${signs[state]}<div><b class="name" dir="auto">${escapeHtml(service.name)}</b><br>${details.join(' · ')}</div>`;
}

function waitingSaid({ lang, own, status }: Said): string {
  if (status.home.state === 'never') return '';
  const { upTo, since } = status.waiting;
  const isAwake = status.home.state === 'awake';
  const sentences = upTo === 0 ? [own.none] : [count(isAwake ? own.onTheWay : own.waiting, upTo, lang)];
  if (since !== null && !isAwake) sentences.push(fill(own.oldest, longAgo(since, status.at, lang)));
  return section('waits', own.waits, `<p>${sentences.join(' ')}</p>`);
}

function footSaid({ lang, own, status }: Said): string {
  const lines = [
    ...(status.pagesAsOf === null ? [] : [fill(own.pages, longAgo(status.pagesAsOf, status.at, lang))]),
    fill(own.asOf, atClock(status.at, status.at, lang)),
  ];
  return `<footer class="foot"><p>${lines.join('<br>')}</p>
<p><a href="${statusJsonPath}">${escapeHtml(own.json)}</a></p></footer>`;
}

function section(id: string, title: string, html: string): string {
  return `<section aria-labelledby="${id}">\n<h2 id="${id}">${escapeHtml(title)}</h2>\n${html}\n</section>`;
}

function fill(sentence: string, time: string): string {
  return sentence.replace('{time}', () => time);
}

function count(sentence: string, number: number, lang: string): string {
  return sentence.replace('{count}', new Intl.NumberFormat(lang).format(number));
}

/** A shape for each state, so that colour is not all that tells them apart. The words beside them say the same. */
const signs: Readonly<Record<PublicService['state'], string>> = {
  up: sign('up', '<circle cx="12" cy="12" r="9" fill="currentColor"/><path d="m8 12.5 2.7 2.7L16 9.5" class="cut"/>'),
  down: sign('down', '<path d="M12 3.5 22 20.5H2z" fill="currentColor"/><path d="M12 9.5v5M12 17.4v.1" class="cut"/>'),
  resting: sign('resting', '<path d="M20 14.5A8.5 8.5 0 1 1 9.5 4 7 7 0 0 0 20 14.5z" fill="currentColor"/>'),
  unknown: sign(
    'unsure',
    '<circle cx="12" cy="12" r="8.5" fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray="3 3"/>',
  ),
};

function sign(name: string, shapes: string): string {
  return `<svg class="${name}" viewBox="0 0 24 24" aria-hidden="true">${shapes}</svg>`;
}
