// Certificates that applications sign in with. Node makes keys and reads certificates, but makes none: the few lines of DER
// (ITU-T X.690) that a self-signed one takes (RFC 5280) are here.
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import * as world from "./world.js";

const day = 86_400_000;

// tlv is one value of DER: tag, length, content.
function tlv(tag, ...parts) {
  const content = Buffer.concat(parts);
  const { length } = content; // at most 65535
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}

const sequence = (...parts) => tlv(0x30, ...parts);
const oid = (hex) => tlv(0x06, Buffer.from(hex, "hex"));
const sha256WithRSA = sequence(oid("2a864886f70d01010b"), tlv(0x05));
const commonName = (text) => sequence(tlv(0x31, sequence(oid("550403"), tlv(0x0c, Buffer.from(text)))));
const utcTime = (time) => tlv(0x17, Buffer.from(`${new Date(time).toISOString().replace(/\D/g, "").slice(2, 14)}Z`));

// selfSigned makes a certificate in DER that is good between two times in milliseconds.
function selfSigned({ publicKey, privateKey }, from, until) {
  const serial = Buffer.from([0x01, ...randomBytes(8)]); // positive, with no zeros before it
  const name = commonName("acsauth interop");
  const body = sequence(tlv(0xa0, tlv(0x02, Buffer.from([2]))), tlv(0x02, serial), sha256WithRSA, name,
    sequence(utcTime(from), utcTime(until)), name, publicKey.export({ type: "spki", format: "der" }));
  return sequence(body, sha256WithRSA, tlv(0x03, Buffer.from([0]), sign("sha256", body, privateKey)));
}

const pem = (der) => `-----BEGIN CERTIFICATE-----\n${der.toString("base64").match(/.{1,64}/g).join("\n")}\n-----END CERTIFICATE-----\n`;

// certificate is what SDKs want of one: both PEM blocks, the key alone, and the thumbprints in hex.
function certificate(pair, from, until) {
  const der = selfSigned(pair, from, until);
  const thumbprint = (hash) => createHash(hash).update(der).digest("hex").toUpperCase();
  const privateKey = pair.privateKey.export({ type: "pkcs8", format: "pem" });
  return { certificate: pem(der), privateKey, both: privateKey + pem(der), sha1: thumbprint("sha1"), sha256: thumbprint("sha256") };
}

const newPair = () => generateKeyPairSync("rsa", { modulusLength: 2048 });
const register = ({ certificate: text }) => world.admin("/certificates", { client: world.api.id, certificate: text });

async function makeAll() {
  const pair = newPair();
  const now = Date.now();
  const all = {
    registered: certificate(pair, now - day, now + day),
    expired: certificate(pair, now - 2 * day, now - day),
    stranger: certificate(newPair(), now - day, now + day),
  };
  await Promise.all([register(all.registered), register(all.expired)]);
  return all;
}

let made;

// certificates are those of all suites, made once: two of the API, one of them expired, and one that nobody registered. An
// application takes 20.
export const certificates = () => (made ??= makeAll());
