import { Random } from '#engine/random/random.ts';
import type { Entity } from '../../domain/velocity.ts';
import type { Happened } from './learn.ts';

/** Who pays, with what of theirs a payment shows. */
type Payer = { customer: string; card: string; email: string; ip: string; device: string; mean: number };
type Drawn = { seconds: number; amount: number; payer: Payer; isFraud: boolean; declined: number };

const [daySeconds, hourSeconds] = [86_400, 3_600];
/** Windows reach back from here, as they do from any time since 1970. */
const beginning = 1_767_225_600;
const [days, payerCount] = [90, 1600];
const domains = ['mail.example', 'post.example', 'web.example', 'office.example'] as const;
/** Where addresses are made that are thrown away. */
const thrownAway = ['trash.example', 'minute.example'] as const;
/** Of honest payments, how many an issuer declines, and how many are contested as frauds all the same. */
const [honestDeclined, honestContested] = [0.04, 0.0008];
/** How often a day somebody gets into an account, tries stolen numbers, or buys with one. */
const [takenOverADay, testedADay, boughtADay] = [0.8, 0.5, 1];

/**
 * A world of payments over the internet, drawn from a seed: honest payers, some of whom pay very often, and three ways of fraud. Who
 * has stolen many numbers of cards tries them in small amounts from one device, and most are declined; who has got into somebody's
 * account pays more than its holder does, from elsewhere; who bought a number buys dear things with it, under an address that is thrown
 * away, some of them from where there were frauds before. Frauds are contested days later, not all of them. Shops differ in what they
 * ask of payers, so that much is missing. It is no likeness of any real business.
 */
export function worldOf(seed: number): Happened[] {
  const random = new Random(seed);
  const payers = Array.from({ length: payerCount }, (_, number) => payerOf(random, `${number}`));
  const drawn = [...payers.flatMap((payer) => honest(random, payer)), ...frauds(random, payers)];
  drawn.sort((one, other) => one.seconds - other.seconds);
  return told(random, drawn);
}

const payerOf = (random: Random, name: string): Payer => ({
  ...{ customer: `customer ${name}`, card: `card ${name}`, email: `${name}@${random.of(domains)}` },
  ...{ ip: `10.${name}`, device: `device ${name}`, mean: Math.exp(3 + random.normal()) },
});

function honest(random: Random, payer: Payer): Drawn[] {
  const all: Drawn[] = [];
  // One of fifty is a business, whose machine pays all day; half of the others come once or twice.
  const often = random.is(0.02) ? 5 + random.next() * 20 : random.is(0.5) ? 0.02 : random.next() ** 2 * 0.8;
  const first = random.below(days);
  const add = (seconds: number) => {
    const away = random.is(0.1) ? { ip: `11.${random.below(300)}` } : {};
    const amount = amountOf(random, payer.mean, 0.6);
    // Some pay with another card now and then.
    const other = random.is(0.05) ? { card: `second ${payer.card}` } : {};
    all.push({ seconds, amount, payer: { ...payer, ...away, ...other }, isFraud: false, declined: honestDeclined });
  };
  for (let day = first; day < days; day += 1)
    for (let left = random.poisson(often) + Number(day === first); left > 0; left -= 1) {
      const seconds = day * daySeconds + Math.floor(random.next() * daySeconds);
      // Who pays pays again soon, now and then.
      const spree = random.is(0.2) ? 2 + random.below(5) : 1;
      for (let at = 0; at < spree; at += 1) add(seconds + at * (30 + random.below(900)));
    }
  return all;
}

const amountOf = (random: Random, mean: number, spread: number): number =>
  Math.max(0.5, Math.round(mean * Math.exp(spread * random.normal()) * 100) / 100);

function frauds(random: Random, payers: readonly Payer[]): Drawn[] {
  const all: Drawn[] = [];
  // Thieves come back under the same device and address for a while.
  let place = { device: 'thief 0', ip: '12.0' };
  for (let day = 3; day < days; day += 1) {
    if (random.is(0.08)) place = { device: `thief ${day}`, ip: `12.${day}` };
    const moment = () => day * daySeconds + Math.floor(random.next() * (daySeconds - hourSeconds));
    const own = () => (random.is(0.6) ? place : { device: `new device ${day} ${random.below(50)}`, ip: `13.${day}.${random.below(50)}` });
    const add = (begin: number, count: number, payer: () => Payer, declined: number, everySeconds: number) => {
      for (let at = 0; at < count; at += 1) {
        const one = payer();
        all.push({ seconds: begin + at * everySeconds, amount: amountOf(random, one.mean, 0.4), payer: one, isFraud: true, declined });
      }
    };
    for (let left = random.poisson(testedADay); left > 0; left -= 1) {
      const [begin, from, name] = [moment(), own(), `${day} ${left}`];
      let tried = 0;
      const next = () => {
        tried += 1;
        return { ...stolen(random, `tested ${name} ${tried}`), ...from, customer: `tester ${name}`, mean: 2 };
      };
      add(begin, 8 + random.below(20), next, 0.7, 20 + random.below(60));
    }
    for (let left = random.poisson(takenOverADay); left > 0; left -= 1) {
      const victim = random.of(payers);
      const taken = { ...victim, ...own(), mean: victim.mean * (2 + random.next() * 4) };
      add(moment(), 2 + random.below(4), () => taken, 0.15, 400 + random.below(1200));
    }
    for (let left = random.poisson(boughtADay); left > 0; left -= 1) {
      const buyer = { ...stolen(random, `bought ${day} ${left}`), ...own(), mean: 150 + random.next() * 400 };
      add(moment(), 2 + random.below(4), () => buyer, 0.3, 300 + random.below(1500));
    }
  }
  return all;
}

const stolen = (random: Random, name: string): Payer => ({
  ...payerOf(random, name),
  email: `${name.replaceAll(' ', '')}@${random.is(0.7) ? random.of(thrownAway) : random.of(domains)}`,
});

/** What a platform hears of it, in order: payments, and days later who contests. */
function told(random: Random, drawn: readonly Drawn[]): Happened[] {
  const all: Happened[] = [];
  const later: { seconds: number; id: string }[] = [];
  const contested = (until: number) => {
    later.sort((one, other) => one.seconds - other.seconds);
    for (let next = later[0]; next && next.seconds <= until; next = later[0]) {
      later.shift();
      all.push({ kind: 'told', id: next.id, isFraud: true }, { kind: 'disputed', ...next });
    }
  };
  drawn.forEach(({ seconds, amount, payer, isFraud, declined }, number) => {
    const at = beginning + seconds;
    contested(at);
    const id = `${number}`;
    const kind = random.is(declined) ? 'declined' : 'paid';
    all.push({ kind, id, seconds: at, amount, entities: shown(random, payer) });
    if (kind === 'paid' && random.is(isFraud ? 0.85 : honestContested))
      later.push({ seconds: at + Math.floor((1 + random.next() * 9) * daySeconds), id });
  });
  contested(Number.POSITIVE_INFINITY);
  return all;
}

/** What a shop asked of a payer. */
function shown(random: Random, { customer, card, email, ip, device }: Payer): (readonly [Entity, string])[] {
  const [isKnown, hasEmail, hasPlace] = [random.is(0.7), random.is(0.75), random.is(0.6)];
  return [
    ['card', card],
    ...(isKnown ? ([['customer', customer]] as const) : []),
    ...(hasEmail
      ? ([
          ['email', email],
          ['email_domain', email.slice(email.indexOf('@') + 1)],
        ] as const)
      : []),
    ...(hasPlace
      ? ([
          ['ip', ip],
          ['network', ip.split('.').slice(0, 3).join('.')],
          ['device', device],
        ] as const)
      : []),
  ];
}
