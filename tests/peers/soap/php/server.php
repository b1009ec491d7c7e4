<?php
// SPDX-License-Identifier: Apache-2.0
// The exchange service as a vendor on PHP would write it: SoapServer, from the WSDL alone.
//   php server.php PORT [--mistake NAME]      php server.php --mistakes
// Port 0 picks a free one. Prints `ready http://127.0.0.1:PORT` when it answers; the two ports of the
// WSDL are at /exchange and /statistics, the stored changes as JSON at /changes.

const MESSAGES = 'http://junkyo.example/exchange/1/messages';

function mistakes(): array
{
    return [
        'fault-200', 'charset-wrong', 'charset-missing', 'media-type', 'fault-child', 'faultcode-dotted',
        'responder-missing', 'body-unqualified', 'encoding-style', 'rpc-wrapper', 'accessor-nil', 'accessor-qualified',
        'oneway-envelope', 'oneway-204', 'processing-instruction', 'trailing-element', 'enumeration-wrong',
        'element-missing', 'detail-undeclared', 'doctype', 'envelope-soap12', 'must-understand-true',
        'fault-qualified', 'resident-twice',
    ];
}

// Started by hand: becomes PHP's own web server, with this file as its router.
function launch(array $arguments): void
{
    if (($arguments[1] ?? '') === '--mistakes') {
        echo implode("\n", mistakes()), "\n";
        return;
    }
    $port = (int) ($arguments[1] ?? 0);
    $at = array_search('--mistake', $arguments, true);
    $mistake = $at === false ? '' : ($arguments[$at + 1] ?? '');
    if ($mistake !== '' && !in_array($mistake, mistakes(), true)) {
        fwrite(STDERR, "no such mistake: $mistake\n");
        exit(2);
    }
    if ($port === 0) {
        $probe = stream_socket_server('tcp://127.0.0.1:0');
        $port = (int) substr(strrchr(stream_socket_get_name($probe, false), ':'), 1);
        fclose($probe);
    }
    $state = tempnam(sys_get_temp_dir(), 'php-soap-');
    $server = getmypid();
    if (pcntl_fork() === 0) {
        announce($port);
        // PHP's web server is killed, it does not end: its state goes away from here.
        fclose(STDOUT);
        while (posix_getppid() === $server) {
            usleep(200_000);
        }
        unlink($state);
        exit(0);
    }
    pcntl_exec(
        PHP_BINARY,
        ['-d', 'display_errors=0', '-S', "127.0.0.1:$port", __FILE__],
        ['PEER_MISTAKE' => $mistake, 'PEER_STATE' => $state, 'PATH' => (string) getenv('PATH')],
    );
}

function announce(int $port): void
{
    for ($attempt = 0; $attempt < 500; $attempt++) {
        if ($connection = @stream_socket_client("tcp://127.0.0.1:$port", timeout: 1)) {
            fclose($connection);
            echo "ready http://127.0.0.1:$port\n";
            return;
        }
        usleep(10_000);
    }
}

// PHP's web server forgets everything between two requests: what is stored is in a file.
function remember(string $kind, string $key, mixed $value): void
{
    $all = recall();
    $all[$kind][$key] = $value;
    file_put_contents(getenv('PEER_STATE'), json_encode($all), LOCK_EX);
}

function recall(): array
{
    return json_decode((string) file_get_contents(getenv('PEER_STATE')), true) ?? ['changes' => [], 'extracts' => []];
}

function residents(): array
{
    $residents = [];
    foreach (file(__DIR__ . '/../residents.tsv', FILE_IGNORE_NEW_LINES) as $line) {
        if ($line[0] !== '#') {
            $resident = array_combine(
                ['residentNumber', 'name', 'kana', 'birthDate', 'sex', 'postcode', 'address', 'household', 'version', 'area'],
                explode("\t", $line),
            );
            $residents[$resident['residentNumber']] = $resident;
        }
    }
    return $residents;
}

function described(array $resident, bool $address = true, bool $household = true): array
{
    $out = ['residentNumber' => $resident['residentNumber'], 'name' => $resident['name']];
    if ($resident['kana'] !== '') {
        $out['kana'] = $resident['kana'];
    }
    $out['birthDate'] = $resident['birthDate'] === '' ? null : $resident['birthDate'];
    $out['sex'] = $resident['sex'];
    if ($address && $resident['address'] !== '') {
        $out['address'] = ['text' => $resident['address']];
        if ($resident['postcode'] !== '') {
            $out['address']['postcode'] = $resident['postcode'];
        }
    }
    if ($household && $resident['household'] !== '') {
        $out['householdNumber'] = $resident['household'];
    }
    $out['version'] = (int) $resident['version'];
    return $out;
}

final class Exchange
{
    private ?object $caller = null;

    public function __construct(private SoapServer $server)
    {
    }

    // Called by SoapServer for the header block of this name, before the operation.
    public function caller(object $caller): void
    {
        $this->caller = $caller;
    }

    public function GetResident(object $request): array
    {
        // Thrown from here, a fault without a name would get an empty <residentNotFound/> as its detail.
        if ($this->caller === null) {
            $this->server->fault('Client', 'the header block caller is missing');
        }
        if (!preg_match('/^[0-9]{15}$/D', $request->residentNumber)) {
            $this->server->fault('Client', 'residentNumber is not fifteen digits');
        }
        $this->server->addSoapHeader(new SoapHeader(MESSAGES, 'responder', [
            'system' => '001',
            'answeredAt' => date(DATE_ATOM),
        ]));
        $resident = residents()[$request->residentNumber] ?? null;
        if ($resident === null) {
            $detail = ['residentNumber' => $request->residentNumber, 'reason' => '該当する住民がいません'];
            throw new SoapFault('Client', '該当する住民がいません', null, $detail, 'residentNotFound');
        }
        $fields = (array) ($request->field ?? ['address', 'household']);
        return ['resident' => described(
            $resident,
            in_array('address', $fields, true),
            in_array('household', $fields, true),
        )];
    }

    public function NotifyChange(object $request): void
    {
        remember('changes', $request->changeId, $request);
    }

    public function RequestExtract(object $request): array
    {
        $found = array_filter(residents(), fn (array $resident) => $resident['area'] === $request->area
            && (!isset($request->bornFrom) || ($resident['birthDate'] !== '' && $resident['birthDate'] >= $request->bornFrom))
            && (!isset($request->bornTo) || ($resident['birthDate'] !== '' && $resident['birthDate'] <= $request->bornTo)));
        ksort($found);
        remember('extracts', $request->extractId, array_map('strval', array_keys($found)));
        return ['extractId' => $request->extractId, 'extract' => $this->extract(array_keys($found))];
    }

    public function PollExtract(object $request): array
    {
        $numbers = recall()['extracts'][$request->extractId] ?? null;
        if ($numbers === null) {
            return ['extractId' => $request->extractId, 'state' => 'unknown'];
        }
        return ['extractId' => $request->extractId, 'state' => 'done', 'extract' => $this->extract($numbers)];
    }

    private function extract(array $numbers): array
    {
        $residents = residents();
        return ['resident' => array_map(fn ($number) => described($residents[$number]), $numbers)];
    }

    public function Ping(): void
    {
    }
}

final class Statistics
{
    public function CountResidents(string $area, string $asOf): array
    {
        $found = array_filter(residents(), fn (array $resident) => $resident['area'] === $area);
        $households = array_unique(array_filter(array_column($found, 'household')));
        return ['count' => count($found), 'households' => count($households)];
    }

    public function Refresh(): void
    {
    }
}

// One mistake of a vendor, put into a right answer. `$type` is the media type with its parameters.
function spoil(string $mistake, string $request, int &$status, string &$type, string $body): string
{
    $fault = str_contains($body, ':Fault>');
    $oneway = str_contains($request, 'notifyChange');
    $every = fn (string $pattern, string $with) => preg_replace($pattern, $with, $body);
    $once = fn (string $pattern, string $with) => preg_replace($pattern, $with, $body, 1);
    switch ($mistake) {
        case 'fault-200':
            $status = $fault ? 200 : $status;
            return $body;
        case 'charset-wrong':
            $type = 'text/xml; charset=Shift_JIS';
            return $body;
        case 'charset-missing':
            $type = 'text/xml';
            return $body;
        case 'media-type':
            $type = 'application/soap+xml; charset=utf-8';
            return $body;
        case 'fault-child':
            return $once('~</faultstring>~', '</faultstring><errorCode>E0012</errorCode>');
        case 'faultcode-dotted':
            return $once('~<faultcode>(\S+?:)\w+<~', '<faultcode>$1Client.ResidentNotFound<');
        case 'responder-missing':
            return $once('~<SOAP-ENV:Header>.*?</SOAP-ENV:Header>~s', '');
        case 'body-unqualified':
            return $every('~<(/?)ns\d:(\w+Response)\b~', '<$1$2');
        case 'encoding-style':
            return $once('~<SOAP-ENV:Body~', '<SOAP-ENV:Body SOAP-ENV:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"');
        case 'rpc-wrapper':
            return $every('~:CountResidentsResponse\b~', ':CountResidentsResult');
        case 'accessor-nil':
            $nil = '<households xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>';
            return $once('~<households>\d+</households>~', $nil);
        case 'accessor-qualified':
            return $every('~<(/?)(count|households)>~', '<$1ns1:$2>');
        case 'oneway-envelope':
            if ($oneway) {
                $status = 200;
                $type = 'text/xml; charset=utf-8';
                return '<?xml version="1.0" encoding="UTF-8"?>' . "\n"
                    . '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body/></SOAP-ENV:Envelope>';
            }
            return $body;
        case 'oneway-204':
            $status = $oneway ? 204 : $status;
            return $oneway ? '' : $body;
        case 'processing-instruction':
            return $once('~<SOAP-ENV:Body~', '<?php-soap cached?><SOAP-ENV:Body');
        case 'trailing-element':
            return $once('~</SOAP-ENV:Body>~', '</SOAP-ENV:Body><t:trace xmlns:t="urn:vendor">0.01</t:trace>');
        case 'enumeration-wrong':
            return $every('~(:sex>)\d~', '${1}3');
        case 'element-missing':
            return $every('~<(ns\d:sex)>\d</\1>~', '');
        case 'detail-undeclared':
            return $once('~<detail>.*</detail>~s', '<detail><v:error xmlns:v="urn:vendor"><v:code>12</v:code></v:error></detail>');
        case 'doctype':
            return $once('~<SOAP-ENV:Envelope~', "<!DOCTYPE Envelope>\n<SOAP-ENV:Envelope");
        case 'envelope-soap12':
            return str_replace('http://schemas.xmlsoap.org/soap/envelope/', 'http://www.w3.org/2003/05/soap-envelope', $body);
        case 'must-understand-true':
            return $once('~:responder\b~', ':responder SOAP-ENV:mustUnderstand="true"');
        case 'fault-qualified':
            return $every('~<(/?)(faultcode|faultstring|detail)>~', '<$1SOAP-ENV:$2>');
        case 'resident-twice':
            return $once('~(<ns\d:extract>\s*)(<(ns\d:resident) .*?</\3>)~s', '$1$2$2');
        default:
            return $body;
    }
}

function serve(string $path): void
{
    $request = (string) file_get_contents('php://input');
    $server = new SoapServer(
        __DIR__ . '/../../../../conformance/platform-communication/service/exchange.wsdl',
        ['cache_wsdl' => WSDL_CACHE_NONE, 'encoding' => 'UTF-8', 'soap_version' => SOAP_1_1],
    );
    $server->setObject($path === '/statistics' ? new Statistics() : new Exchange($server));
    $mistake = (string) getenv('PEER_MISTAKE');
    if ($mistake === '') {
        $server->handle($request);
        return;
    }
    ob_start(function (string $body) use ($mistake, $request): string {
        $status = (int) http_response_code();
        $type = 'text/xml; charset=utf-8';
        $body = spoil($mistake, $request, $status, $type, $body);
        header_remove('Content-Length');
        // SoapServer has written the whole status line, which http_response_code() does not replace.
        header('HTTP/1.1 ' . ([200 => '200 OK', 202 => '202 Accepted', 204 => '204 No Content'][$status] ?? '500 Internal Server Error'));
        if ($body === '') {
            header_remove('Content-Type');
        } else {
            // PHP adds a charset of its own to text/* unless told not to.
            ini_set('default_charset', '');
            header("Content-Type: $type");
        }
        return $body;
    });
    $server->handle($request);
    ob_end_flush();
}

if (PHP_SAPI === 'cli') {
    launch($argv);
} elseif ($_SERVER['REQUEST_URI'] === '/changes') {
    header('Content-Type: application/json; charset=utf-8');
    echo json_encode(array_values(recall()['changes']), JSON_UNESCAPED_UNICODE);
} else {
    serve((string) parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH));
}
