import type { Caller } from '#kernel/contract/caller.ts';
import { fault, OperationError } from '#kernel/contract/fault.ts';
import type { Logs } from '#kernel/session/log-need.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import { LogError } from '#seams/log/error.ts';
import { destinationOf, type Notification, testMessageOf, topicsOf } from '../domain/notification.ts';
import { bucketOf } from './bucket.ts';
import type { Store } from './store.ts';

type Asked = { readonly ref: { readonly name: string }; readonly caller: Caller; readonly requestId: string };

const refused = (why: string) => fault('InvalidArgument', `Unable to validate the following destination configurations: ${why}`);

/**
 * Messages go to topics of the bucket's own environment; `gamut.events` is that of the platform's events. Into every other the
 * caller sends S3's test message, so that who names a topic is somebody who may write there.
 */
export async function checkDestinations(store: Store, logs: Logs | undefined, asked: Asked, notification: Notification): Promise<void> {
  const bucket = bucketOf(store.catalog, asked.ref.name);
  const { topics = [], queues = [] } = notification;
  for (const arn of [...topics.map(({ topic }) => topic), ...queues.map(({ queue }) => queue)]) {
    const account = destinationOf(arn)?.account;
    if (account !== '' && account !== formatId(bucket.scope)) throw refused('a destination is a topic of the environment of the bucket.');
  }
  const named = topicsOf(notification);
  if (named.length === 0) return;
  const { caller } = asked;
  if (caller.scope !== bucket.scope || caller.tenant !== bucket.tenant || caller.face === 'anonymous')
    throw refused('only who is of the environment of the bucket names its topics.');
  if (!logs) throw fault('Unavailable', 'The log is away.');
  const message = JSON.stringify(testMessageOf(bucket.name, store.now(), asked.requestId));
  try {
    await logs.as(caller, async (log) => {
      for (const topic of named) {
        if (!(await log.hasTopic(topic))) throw refused(`there is no topic ${topic}.`);
        await log.produce(topic, [{ key: bucket.name, value: message }]);
      }
    });
  } catch (error) {
    if (error instanceof OperationError || !(error instanceof LogError)) throw error;
    if (error.retry) throw fault('Unavailable', 'The log is away.');
    throw refused(`${error.code}.`);
  }
}
