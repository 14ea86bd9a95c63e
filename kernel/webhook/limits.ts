import { limit } from '../contract/limit.ts';

export const webhooksMax = limit(100, 'webhook', 'Webhooks of one organization.');
export const webhookTypesMax = limit(50, 'type', 'Types of event that one webhook lists.');
export const attemptsMax = limit(12, 'attempt', 'Most attempts to deliver one event.');
export const attemptsUsual = limit(10, 'attempt', 'Attempts to deliver one event, if not said: about two days.');
export const eventsAtOnceMax = limit(256, 'event', 'Events of one webhook that are read and sent before their outcomes are stored.');
export const sendsAtOnceMax = limit(32, 'call', 'Calls of one webhook at one time.');
export const webhooksAtOnceMax = limit(64, 'webhook', 'Webhooks that are served at one time.');
export const deliveryMs = limit(15_000, 'ms', 'Longest wait for the answer to one delivery.');
export const deliveryAnswerMaxBytes = limit(16 * 1024, 'byte', 'Largest answer to a delivery that is read.');
export const topicMs = limit(60_000, 'ms', 'Longest time for events to be written into a topic of another Kafka.');
export const topicLoginMax = limit(512, 'character', 'Longest user name, and password, for a topic of another Kafka.');
export const deliveryErrorMax = limit(300, 'character', 'Longest reason kept of a delivery that failed.');
export const dispatchPollMs = limit(250, 'ms', 'How often it is looked which webhooks have events or second attempts due.');
export const secretBytes = limit(32, 'byte', 'Length of the secret that signs deliveries.');
export const secretOverlapMs = limit(24 * 3_600_000, 'ms', 'How long deliveries carry the old signature too after a secret was renewed.');
export const deliveriesKeptDays = limit(30, 'day', 'How long outcomes of deliveries are kept.');
