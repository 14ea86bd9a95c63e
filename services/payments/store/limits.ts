import { limit } from '#kernel/contract/limit.ts';

export const holdSeconds = limit(7 * 86_400, 'second', 'How long an authorization holds before it ends by itself.');
export const repeatKeptMs = limit(24 * 3_600_000, 'ms', 'How long the reply to a request with an idempotency key is kept.');
export const holdRenewMs = limit(1_000, 'ms', 'How often a process says that it still works under an idempotency key.');
export const holdSilentMs = limit(4_000, 'ms', 'After which silence of a process its idempotency key may be worked under by another.');
export const secretsKeptMax = limit(10_000, 'environment', 'Environments whose keyed hash one process remembers.');
export const commitStatementsMax = limit(250, 'statement', 'Most statements of several requests that share one transaction.');
export const circleTriesMax = limit(5, 'try', 'How often a transaction is done that each time waited for one that waited for it.');
export const changeTriesMax = limit(20, 'try', 'How often a change that meets another one is made anew.');
export const sweepMs = limit(60_000, 'ms', 'How often steps that were left open are looked for, and what is old is dropped.');
export const sweptMax = limit(1_000, 'step', 'Open steps of one environment that one look takes up.');
export const searchClausesMax = limit(10, 'clause', 'Most clauses of a search.');
export const deliveryMs = limit(15_000, 'ms', 'Longest wait for the answer of an endpoint to one event.');
export const deliveryAnswerMaxBytes = limit(16 * 1024, 'byte', 'Largest answer of an endpoint that is read.');
export const deliveryAttemptsMax = limit(10, 'attempt', 'Most attempts to tell an endpoint of one event: about two days.');
export const deliveryLookMs = limit(250, 'ms', 'How often it is looked which environments have something to tell.');
export const deliveriesAtOnceMax = limit(32, 'event', 'Events of one environment that are told at one time.');
export const scopesAtOnceMax = limit(64, 'environment', 'Environments whose endpoints are told at one time.');
export const confirmationTokenSeconds = limit(12 * 3_600, 'second', 'How long a confirmation token may be used.');
export const eachPageMax = limit(500, 'object', 'Objects read at once where all of an environment are looked through.');
export const ratesKeptMs = limit(1_000, 'ms', 'How long a process remembers what payments of an environment cost.');
export const ratesKeptMax = limit(10_000, 'environment', 'Environments whose rates one process remembers.');
export const invoiceItemsMax = limit(250, 'item', 'Most items of one invoice.');
export const clockCustomersMax = limit(3, 'customer', 'Most customers that live by one test clock.');
export const clocksEndedMax = limit(100, 'clock', 'Test clocks of one environment that one look takes up.');
export const clockRetryMs = limit(1_000, 'ms', 'Wait before a test clock that could not go on is tried again.');
export const dueAtOnceMax = limit(16, 'object', 'Objects of one environment whose time has come that are worked on at once.');
export const subscriptionInvoicesMax = limit(100, 'invoice', 'Invoices of one subscription that stop being collected when it ends.');
export const subscriptionsEndedMax = limit(500, 'subscription', 'Subscriptions of one customer that end when it is deleted.');
export const creditNotesMax = limit(98, 'credit note', 'Most credit notes of one invoice.');
export const clockSubscriptionsMax = limit(1_000, 'subscription', 'Subscriptions of one test clock that are asked how far it may go.');
export const rulesMax = limit(100, 'rule', 'Most rules of risk of one environment.');
export const rulesKeptMs = limit(1_000, 'ms', 'How long a process remembers the rules and the model of an environment.');
export const rulesFreshMs = limit(500, 'ms', 'How old what a process remembers of them is when it reads them anew beside its work.');
export const rulesKeptMax = limit(1_000, 'environment', 'Environments whose rules one process remembers.');
export const taxIdsMax = limit(25, 'tax id', 'Most tax ids of one owner.');
export const personsMax = limit(100, 'person', 'Most persons of one connected account.');
export const valueListsMax = limit(100, 'list', 'Most lists of one environment that rules ask whether something stands on.');
export const valueListItemsMax = limit(10_000, 'value', 'Most values of one such list.');
export const modelReasonsMax = limit(5, 'feature', 'Most reasons that are said of a score.');
export const featureSeconds = limit(90 * 86_400, 'second', 'How far back events are counted into features.');
export const featureEventsMax = limit(50_000, 'event', 'Newest events of one environment that features are built from after a start.');
export const featureEntitiesMax = limit(20_000, 'entity', 'Cards, customers and others of one environment whose features are kept.');
export const featureEntitiesAllMax = limit(
  400_000,
  'entity',
  'The same of all environments together, at which the one goes that was asked for longest ago.',
);
export const featureEnvironmentsMax = limit(1_000, 'environment', 'Environments whose features one process keeps.');
export const trainedEventsMax = limit(100_000, 'event', 'Newest events of one environment that a model is trained on.');
export const trainingPageMax = limit(32, 'event', 'Events that are read at once for a training, so that payments go on between.');
export const trainingMemoryMax = limit(1_024, 'MiB', 'Memory of the thread that trains a model.');
export const trainingLookSeconds = limit(
  1,
  'second',
  'After which a training is looked at again, with the next round; a service that begins looks at all.',
);
export const trainingTriesMax = limit(
  5,
  'try',
  'Interruptions of a training, each by the end of its thread or of the service, behind which it has failed.',
);
export const shadowLookSeconds = limit(
  300,
  'second',
  'How often a model in shadow is compared with the one that decides, from a second on.',
);
export const shadowedMax = limit(50_000, 'payment', 'Newest payments by which a model in shadow is told of.');
export const modelVersionsMax = limit(20, 'model', 'Models of one environment that are kept; the oldest goes that is not in use.');
export const replayedMax = limit(2_000, 'event', 'Newest events of payments that a rule is tried on.');
export const replayedMs = limit(10, 'ms', 'After how much work of a trial others have their turn.');
export const replayShownMax = limit(10, 'charge', 'Newest charges that a trial shows of those that a rule met.');
export const traceObjectsMax = limit(100, 'object', 'Most charges, refunds, disputes or events of a payment that its trace shows of each.');
export const meterPastSeconds = limit(35 * 86_400, 'second', 'How long ago what an event of a meter tells of may have been.');
export const meterFutureSeconds = limit(300, 'second', 'How far ahead what an event of a meter tells of may be.');
export const meterCancelSeconds = limit(86_400, 'second', 'How long after it was told an event of a meter may be taken back.');
export const meterWindowsMax = limit(1_000, 'window', 'Most hours or days that one summary of a meter parts a time into.');
export const fileEntriesMax = limit(1_000, 'entry', 'Most entries of one file to a clearing house.');
export const fileAgainSeconds = limit(1, 'second', 'Wait before a file that was lost is sent again.');
export const fileLateSeconds = limit(2, 'second', 'How much later an answer comes that comes late.');
export const returnsAfterSeconds = limit(1, 'second', 'When the simulated banks send back what counted as paid.');
export const depositTriesMax = limit(10, 'try', 'How often the small amounts that came to an account may be said.');
export const listsMax = limit(10, 'list', 'Most lists of one environment that names are screened by.');
export const screensKeptMax = limit(16, 'list', 'Lists that one process keeps ready.');
export const expectedMax = limit(500, 'movement', 'Most movements of one currency that are expected of a bank and looked at once.');
export const entriesOpenMax = limit(
  500,
  'entry',
  'Most entries of a bank, of one currency, that belong to nothing and are looked at once.',
);
export const exceptionsOpenMax = limit(500, 'exception', 'Most exceptions of one currency that rules are asked about at once.');
export const statementsAtOnceMax = limit(100, 'statement', 'Most statements of one message of a bank.');
export const matchSeconds = limit(5 * 86_400, 'second', 'Furthest that an entry of a bank is from when it was expected.');
export const matchManyMax = limit(6, 'movement', 'Most movements of one side that belong together as a sum.');
export const matchTriesMax = limit(50_000, 'sum', 'Most sums that are tried for one entry of a bank.');
export const transfersAtOnceMax = limit(2_000, 'transfer', 'Transfers that are read of the ledger at once.');
export const journalLinesMax = limit(100_000, 'line', 'Most lines of one export of the journal.');
export const routesKeptMax = limit(100, 'environment', 'Environments whose learned routing one process keeps.');
export const routesWrittenMs = limit(2_000, 'ms', 'How soon what was learned of acquirers is written down.');
export const routesShownMax = limit(100, 'charge', 'Most charges of one payment whose routes are shown.');
export const cashPaymentsMax = limit(100, 'payment', 'Payments of one customer that what came in is looked at for.');
