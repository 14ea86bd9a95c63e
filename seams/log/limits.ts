/** Milliseconds to wait for a connection to a broker. */
export const connectMs = 10_000;
/** Milliseconds to wait for an answer, besides what the request itself may wait; then the connection is given up. */
export const requestMs = 30_000;
/** Times that a request is repeated while its error may pass. */
export const retriesMax = 7;
/** Milliseconds before the first repeat; each further one waits twice as long. */
export const retryMs = 60;
/** Milliseconds that replicas have to acknowledge a write. */
export const produceMs = 15_000;
/** Milliseconds that a transaction may be open. */
export const transactionMs = 60_000;
/** Bytes of records from which on they go as a further batch: half of what Kafka takes as one unless a topic says otherwise. */
export const batchBytes = 512 * 1024;
/** Most bytes of one answer to a read. */
export const fetchBytes = 4 * 1024 * 1024;
/** Milliseconds that a read waits for records at the broker. */
export const fetchWaitMs = 500;
/** Milliseconds that a topic has to be made. */
export const createMs = 15_000;
/** Milliseconds that a topic has to be deleted. */
export const deleteMs = 15_000;
/** Milliseconds after which a reader looks whether its topic has got more partitions. */
export const learnMs = 5_000;
/** Longest answer of a registry of schemas. */
export const registryAnswerMax = 16 * 1024 * 1024;
/** Most schemas that one names, directly or through others. */
export const schemaReferencesMax = 1_000;
