import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Anomaly, freshState, measure, usualAnomaly } from '../domain/anomaly.ts';

const minuteMs = 60_000;
const dayMinutes = 1440;

/** Numbers in [0, 1) that are the same in every run. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A busy service: a day's wave, a busier lunch, noise that grows with the level, a slow growth, now and then a heavy minute. */
function usualValue(minute: number, random: () => number): number {
  const ofDay = (minute % dayMinutes) / dayMinutes;
  const wave = 100 + 60 * Math.sin(2 * Math.PI * (ofDay - 0.3)) + 25 * Math.exp(-(((ofDay - 0.52) / 0.04) ** 2));
  const growth = 1 + 0.02 * (minute / dayMinutes / 7);
  const heavy = random() < 0.001 ? 1.15 : 1;
  return Math.max(0, wave * growth * heavy * (1 + 0.03 * normal(random)));
}

type Fault = {
  readonly name: string;
  readonly at: number;
  readonly minutes: number;
  readonly bend: (value: number, minute: number, random: () => number) => number | undefined;
};

/** Twenty faults of eleven kinds, spread over ten days, each at another time of the day. */
function faults(): Fault[] {
  let held = 0;
  const kinds: Omit<Fault, 'at'>[] = [
    { name: 'a spike of double', minutes: 3, bend: (value) => value * 2 },
    { name: 'a spike of half as much again', minutes: 5, bend: (value) => value * 1.5 },
    { name: 'an outage to zero', minutes: 10, bend: () => 0 },
    { name: 'a drop to half', minutes: 15, bend: (value) => value * 0.5 },
    { name: 'a shift upwards by a fifth', minutes: 60, bend: (value) => value * 1.2 },
    { name: 'a shift downwards by a fifth', minutes: 60, bend: (value) => value * 0.8 },
    { name: 'a slow rise', minutes: 120, bend: (value, minute) => value * (1 + (0.5 * minute) / 120) },
    { name: 'silence', minutes: 10, bend: () => undefined },
    { name: 'a value that is stuck', minutes: 60, bend: (value, minute) => (minute === 0 ? (held = value) : held) },
    { name: 'noise fourfold', minutes: 90, bend: (value, _minute, random) => value * (1 + 0.14 * normal(random)) },
    { name: 'swings to both sides', minutes: 60, bend: (value, minute) => value * (minute % 2 ? 1.2 : 0.8) },
  ];
  return Array.from({ length: 20 }, (_, index) => {
    const kind = kinds[index % kinds.length] as Omit<Fault, 'at'>;
    return { ...kind, at: (7 + Math.floor(index / 2)) * dayMinutes + (index % 2) * 720 + 97 + 31 * index };
  });
}

/** Feeds the minutes of so many days, with faults bent in; answers every anomaly that was told. */
function run(days: number, seed: number, injected: readonly Fault[]): Anomaly[] {
  const random = chance(seed);
  const state = freshState();
  const told: Anomaly[] = [];
  for (let minute = 0; minute < days * dayMinutes; minute += 1) {
    const usual = usualValue(minute, random);
    const fault = injected.find(({ at, minutes }) => minute >= at && minute < at + minutes);
    const value = fault ? fault.bend(usual, minute - fault.at, random) : usual;
    const found = measure(state, { at: minute * minuteMs, value }, usualAnomaly);
    if (found) told.push(found);
  }
  return told;
}

/** Alarms as an operator counts them: what is told again within the hour is the same one. */
function alarms(told: readonly Anomaly[]): number[] {
  const starts: number[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const { at } of told) {
    if (at - last > 60 * minuteMs) starts.push(at);
    last = at;
  }
  return starts;
}

test('all of 20 injected faults are found, with at most one false alarm per simulated day', () => {
  for (const seed of [1, 7, 42]) {
    const injected = faults();
    const told = run(18, seed, injected);
    const isOf = (minute: number, { at, minutes }: Fault, after = 0) => minute >= at && minute < at + minutes + after;
    const missed = injected.filter((fault) => !told.some(({ at }) => isOf(at / minuteMs, fault)));
    assert.deepEqual(
      missed.map(({ name }) => name),
      [],
      `seed ${seed}`,
    );
    // What is told while a series settles after a fault belongs to it.
    const astray = told.filter(({ at }) => !injected.some((fault) => isOf(at / minuteMs, fault, 60)));
    assert.ok(alarms(astray).length <= 16, `seed ${seed}: ${alarms(astray).length} false alarms in 16 days`);
  }
});

test('a quiet fortnight without faults has at most one false alarm per day', () => {
  const told = run(16, 99, []);
  assert.ok(alarms(told).length <= 14, `${alarms(told).length} false alarms in 14 days`);
});

test('nothing is told before two seasons were seen, and a constant series is never an anomaly', () => {
  const state = freshState();
  for (let minute = 0; minute < 2 * dayMinutes; minute += 1)
    assert.equal(measure(state, { at: minute * minuteMs, value: minute % 7 === 0 ? 1e9 : 1 }, usualAnomaly), undefined);
  const constant = freshState();
  for (let minute = 0; minute < 4 * dayMinutes; minute += 1)
    assert.equal(measure(constant, { at: minute * minuteMs, value: 5 }, usualAnomaly), undefined);
});
