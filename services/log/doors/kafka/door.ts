import type { DoorPlace, OpenDoor } from '#kernel/contract/implement.ts';
import { listen } from '#kernel/listen/listen.ts';
import type { log } from '../../service.ts';
import { type Behind, Conversation } from './conversation.ts';

/** Opens the Kafka door: plain and TLS on one port, each connection a conversation of requests and responses in order. */
export async function openKafka(place: DoorPlace<typeof log>, behind: Behind): Promise<OpenDoor> {
  const conversations = new Set<Conversation>();
  const listener = await listen({
    ...place.at,
    schemes: ['kafka', 'kafkas'],
    onConnection(socket, connection) {
      const conversation = new Conversation(place, behind, socket, connection);
      conversations.add(conversation);
      socket.once('close', () => conversations.delete(conversation));
    },
  });
  return {
    url: listener.url,
    ...(listener.note ? { note: listener.note } : {}),
    async close() {
      const closed = listener.close();
      for (const conversation of conversations) conversation.drain();
      await closed;
    },
  };
}
