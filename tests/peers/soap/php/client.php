<?php
// SPDX-License-Identifier: Apache-2.0
// One operation of the exchange service with PHP's SoapClient, from the WSDL alone.
//   php client.php ENDPOINT OPERATION FIELDS
// FIELDS is JSON with the names of the schema; `caller` is the header block of GetResident.

[, $endpoint, $operation, $json] = array_pad($argv, 4, '{}');
$fields = json_decode($json, true, flags: JSON_THROW_ON_ERROR);

function say(array $line, int $code = 0): never
{
    echo json_encode($line, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES), "\n";
    exit($code);
}

// An element that may repeat is a list, even when it came once.
function plain(mixed $value, string $name = ''): mixed
{
    if (is_object($value)) {
        $out = [];
        foreach (get_object_vars($value) as $key => $child) {
            $out[$key] = plain($child, $key);
        }
        if ($name === 'extract') {
            $out['resident'] = isset($out['resident']) ? (array_is_list($out['resident']) ? $out['resident'] : [$out['resident']]) : [];
        }
        return $out;
    }
    return is_array($value) ? array_map(fn ($child) => plain($child), $value) : $value;
}

try {
    $client = new SoapClient(
        __DIR__ . '/../../../../conformance/platform-communication/service/exchange.wsdl',
        ['cache_wsdl' => WSDL_CACHE_NONE, 'location' => $endpoint, 'exceptions' => true, 'connection_timeout' => 10,
         'trace' => true],
    );
    $headers = [];
    if (isset($fields['caller'])) {
        $headers[] = new SoapHeader('http://junkyo.example/exchange/1/messages', 'caller', $fields['caller']);
        unset($fields['caller']);
    }
    $arguments = match ($operation) {
        'Ping', 'Refresh' => [],
        'CountResidents' => [$fields['area'], $fields['asOf']],
        default => [$fields],
    };
    $got = [];
    $result = $client->__soapCall($operation, $arguments, null, $headers, $got);
    $values = plain(is_array($result) ? (object) $result : ($result ?? new stdClass()));
    foreach ($got as $name => $header) {
        $values[$name] = plain($header);
    }
    say(['outcome' => 'done'] + $values);
} catch (SoapFault $fault) {
    // The stack throws the same class when it could not connect or could not read the answer.
    if (!str_contains((string) ($client ?? null)?->__getLastResponse(), 'Fault>')) {
        say(['outcome' => 'failed', 'error' => "$fault->faultcode: $fault->faultstring"], 1);
    }
    say(['outcome' => 'fault', 'faultcode' => $fault->faultcode, 'faultstring' => $fault->faultstring]
        + (isset($fault->detail) ? ['detail' => plain($fault->detail)] : []));
} catch (Throwable $error) {
    say(['outcome' => 'failed', 'error' => $error->getMessage()], 1);
}
