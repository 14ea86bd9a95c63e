import { NumberInput, PasswordInput, Select, TagsInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { topicLoginMax } from '#kernel/webhook/limits.ts';
import { useApi } from '../api/call.ts';
import { usePlace } from '../api/place.ts';
import { useEventTypes, type WebhookSecret, type WebhookThing } from '../api/webhook.ts';
import { Button } from '../part/button.tsx';
import { Dialog, useChange } from '../part/dialog.tsx';
import { notice } from '../part/notice.tsx';
import { Refusal } from '../part/state.tsx';

type Props =
  | { readonly thing?: undefined; readonly onMade: (secret: WebhookSecret) => void; readonly onClose: () => void }
  | { readonly thing: WebhookThing; readonly onMade?: undefined; readonly onClose: () => void };

const usual = 10;
const whereTo =
  'https, or http inside your own network where the operator lists it; or a topic of a Kafka: kafkas://host:9093/topic or kafka://.';

/** Adds a webhook, or changes one. */
export function WebhookForm({ thing, onMade, onClose }: Props) {
  const api = useApi();
  const { project, environment } = usePlace();
  const eventTypes = useEventTypes();
  const [url, setUrl] = useState(thing?.spec.url ?? '');
  const [title, setTitle] = useState(thing?.spec.title ?? '');
  const [types, setTypes] = useState<readonly string[]>(thing?.spec.types ?? []);
  const [place, setPlace] = useState('');
  const [attempts, setAttempts] = useState(thing?.spec.attempts ?? usual);
  const [login, setLogin] = useState({ username: '', password: '' });
  const change = useChange();
  const isTopic = /^kafkas?:\/\//.test(url);
  // A name without a password, or the other way round, is no login.
  const whole = !isTopic || (login.username === '') === (login.password === '');
  const fits = whole && (isTopic ? /^kafkas?:\/\/[^\s/]+\/[\w.-]+$/ : /^https?:\/\/\S+$/).test(url);
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    void change.run(async () => {
      const input = {
        url,
        types,
        attempts,
        ...(title.trim() === '' ? {} : { title: title.trim() }),
        ...(isTopic && login.username !== '' ? { login } : {}),
      };
      if (thing) {
        await api.call('platform', 'UpdateWebhook', thing.name, input);
        notice('The webhook is changed.');
        onClose();
      } else {
        onMade(await api.call<WebhookSecret>('platform', 'CreateWebhook', '', place === '' ? input : { ...input, environment: place }));
      }
    });
  };
  return (
    <Dialog title={thing ? 'Change a webhook' : 'Add a webhook'} onClose={onClose} wide>
      <form onSubmit={submit} className="stack">
        <TextInput
          data-autofocus
          label="Address"
          description={whereTo}
          placeholder="https://example.org/hooks/gamut"
          error={
            url === '' || fits || (isTopic && !whole)
              ? undefined
              : isTopic
                ? 'Name the topic behind the host.'
                : 'Begin with https://, http://, kafkas:// or kafka://.'
          }
          value={url}
          onChange={(event) => setUrl(event.currentTarget.value)}
          withAsterisk
          spellCheck={false}
          autoComplete="off"
        />
        {isTopic && <TopicLogin login={login} setLogin={setLogin} kept={thing !== undefined && thing.spec.url === url} whole={whole} />}
        <TextInput label="Title" value={title} maxLength={100} onChange={(event) => setTitle(event.currentTarget.value)} />
        <TagsInput
          label="Events"
          description="Types, or their beginnings before *; all, if left empty."
          data={[...eventTypes]}
          value={[...types]}
          onChange={setTypes}
        />
        {!thing && (
          <Select
            label="Of"
            data={[
              { value: '', label: 'the whole organization' },
              { value: environment.id, label: `${project.name} / ${environment.name}` },
            ]}
            value={place}
            onChange={(next) => setPlace(next ?? '')}
            allowDeselect={false}
          />
        )}
        <NumberInput
          label="Attempts"
          description="With longer and longer pauses; ten take about two days. Then the event is put aside as dead, and can be sent again."
          min={1}
          max={12}
          value={attempts}
          onChange={(next) => setAttempts(typeof next === 'number' ? next : usual)}
        />
        {change.problem && <Refusal problem={change.problem} compact />}
        <div className="row dialog-end">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="main" busy={change.busy} disabled={!fits}>
            {thing ? 'Save' : 'Add'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

type Login = { readonly username: string; readonly password: string };
type LoginProps = { readonly login: Login; readonly setLogin: (login: Login) => void; readonly kept: boolean; readonly whole: boolean };

/** Who writes into the topic. It is never shown again, so that a change leaves it empty unless there is a new one. */
function TopicLogin({ login, setLogin, kept, whole }: LoginProps) {
  return (
    <>
      <TextInput
        label="User of the topic"
        description={
          kept ? 'The login that was given is kept if this is left empty.' : 'For SASL PLAIN; empty where the brokers ask for no login.'
        }
        value={login.username}
        maxLength={topicLoginMax}
        onChange={(event) => setLogin({ ...login, username: event.currentTarget.value })}
        spellCheck={false}
        autoComplete="off"
      />
      <PasswordInput
        label="Password of the topic"
        value={login.password}
        maxLength={topicLoginMax}
        error={whole ? undefined : 'A login has a user and a password.'}
        onChange={(event) => setLogin({ ...login, password: event.currentTarget.value })}
        autoComplete="new-password"
      />
    </>
  );
}
