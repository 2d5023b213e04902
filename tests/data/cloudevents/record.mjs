// Writes recorded.json: what the CloudEvents SDK for JavaScript (npm install cloudevents@10.0.0) sends.
// node record.mjs > recorded.json
import { CloudEvent, HTTP } from "cloudevents";

const time = "2026-11-29T06:00:00.000Z";
const events = [
  { id: "1", source: "/shop", type: "order.made", data: { value: 30, nested: { a: [1, 2] } } },
  { id: "a b%\"c\"", source: "urn:kr:seoul", type: "주문 완료 €😀", data: { 이름: "값" } },
  { id: "2", source: "https://example.com/a?b=c#d", type: "t", subject: "s 1", dataschema: "https://example.com/s",
    channel: "web", attempt: 3, data: [1, "two", null] },
  { id: "3", source: "/x", type: "text", datacontenttype: "text/plain", data: "plain \"text\"\nsecond line" },
  { id: "4", source: "/x", type: "bytes", datacontenttype: "application/octet-stream", data: new Uint8Array([0, 255, 10, 128]) },
  { id: "5", source: "/x", type: "nothing" },
];
const cases = events.map((given) => {
  const event = new CloudEvent({ specversion: "1.0", time, ...given });
  const shown = ({ headers, body }) => ({
    headers,
    body_base64: Buffer.from(body === undefined ? "" : body).toString("base64"),
  });
  return { id: event.id, source: event.source, type: event.type, binary: shown(HTTP.binary(event)), structured: shown(HTTP.structured(event)) };
});
console.log(JSON.stringify(cases, null, 1));
