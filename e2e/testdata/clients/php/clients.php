<?php
// The smallest programs of PHP's clients: clients.php CASE,CASE.
$url = 'https://api.openai.com/v1/chat/completions';
$fields = ['Content-Type: application/json', 'Authorization: Bearer ' . getenv('OPENAI_API_KEY')];
foreach (explode(',', end($argv)) as $what) {
    $body = ['model' => 'gpt-4o-mini', 'messages' => [['role' => 'user', 'content' => 'Say hello.']]];
    if ($what === 'stream') {
        $body['stream'] = true;
    }
    if ($what === 'streams') {
        $context = stream_context_create(['http' => ['method' => 'POST', 'header' => $fields, 'content' => json_encode($body), 'ignore_errors' => true]]);
        $answer = @file_get_contents($url, false, $context);
        if ($answer === false) {
            echo "no answer\n";
            exit(4);
        }
        echo $answer, "\n";
        continue;
    }
    $c = curl_init($url);
    curl_setopt_array($c, [CURLOPT_POST => true, CURLOPT_HTTPHEADER => $fields, CURLOPT_POSTFIELDS => json_encode($body), CURLOPT_RETURNTRANSFER => true]);
    $answer = curl_exec($c);
    echo curl_getinfo($c, CURLINFO_RESPONSE_CODE), ' ', $answer === false ? curl_error($c) : $answer, "\n";
}
