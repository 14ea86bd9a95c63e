import type { WebhookSecret } from '../api/webhook.ts';
import { Button } from '../part/button.tsx';
import { CodeBlock } from '../part/code.tsx';
import { Dialog } from '../part/dialog.tsx';

/** The secret that signs deliveries, this once, with lines that check a signature. */
export function WebhookSecretDialog({ secret: { secret }, onClose }: { secret: WebhookSecret; onClose: () => void }) {
  return (
    <Dialog title="Keep this secret now" onClose={onClose} wide>
      <div className="stack">
        <p className="dim">Your receiver checks with it that a delivery comes from here and is whole. It is not shown again.</p>
        <CodeBlock label="secret" text={secret} hide={[secret]} />
        <h3>Node.js</h3>
        <CodeBlock
          label="lines for Node.js"
          hide={[secret]}
          text={`import { Webhook } from 'standardwebhooks';\nconst event = new Webhook('${secret}').verify(body, headers);`}
        />
        <h3>Python</h3>
        <CodeBlock
          label="lines for Python"
          hide={[secret]}
          text={`from standardwebhooks import Webhook\nevent = Webhook('${secret}').verify(body, headers)`}
        />
        <div className="row dialog-end">
          <Button look="main" onClick={onClose}>
            I have kept it
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
