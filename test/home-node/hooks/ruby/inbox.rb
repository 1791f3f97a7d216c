# frozen_string_literal: true

# An inbox that asks Mastodon's class, or one of its shape, about each request. A request a line on standard input, as JSON; an
# answer a line on standard output. Header lines become variables as Rack's servers make them.

require 'json'
require 'openssl'
require 'stringio'

load File.join(__dir__, ENV.key?('MASTODON_SIGNED_REQUEST') ? 'real.rb' : 'stand_in.rb')

key = OpenSSL::PKey::RSA.new(JSON.parse(ENV.fetch('KEYS')).values.first)
Keypair = Struct.new(:public_key_object) do
  def keypair = Struct.new(:public_key).new(public_key_object)
  def public_key = public_key_object.to_pem
  def linzer_public_key = Linzer.new_rsa_v1_5_sha256_public_key(public_key)
  def verify(...) = public_key_object.verify(...)
  def local? = true
  def activitypub? = true
  def uri = 'https://peer.example/actor'
  def to_log_human_identifier = 'peer'
end
$keypair = Keypair.new(key)

begin
  require 'action_dispatch'
  HAS_RAILS = ENV.key?('MASTODON_SIGNED_REQUEST')
rescue LoadError
  HAS_RAILS = false
end

Response = Struct.new(:headers) do
  def set_header(name, value) = headers[name] = value
end
Controller = Struct.new(:response)

# What the hook and the stand-ins ask of a request of Rails.
class StandInRequest
  attr_reader :request_method, :original_fullpath, :raw_post, :headers, :controller_instance

  def initialize(env, controller)
    @request_method = env['REQUEST_METHOD']
    @original_fullpath = env['ORIGINAL_FULLPATH']
    @raw_post = env['rack.input'].read
    @headers = Hash.new { |_, name| env["HTTP_#{name.upcase.tr('-', '_')}"] }
    @controller_instance = controller
  end
end

def env_of(asked)
  path, query = asked['path'].split('?', 2)
  env = { 'REQUEST_METHOD' => 'POST', 'PATH_INFO' => path, 'QUERY_STRING' => query.to_s, 'SCRIPT_NAME' => '',
          'ORIGINAL_FULLPATH' => asked['path'], 'rack.input' => StringIO.new(asked['body'].unpack1('m')),
          'rack.url_scheme' => 'https', 'SERVER_NAME' => 'home.example', 'SERVER_PORT' => '443',
          'HTTP_X_FORWARDED_PROTO' => 'https' }
  env['CONTENT_LENGTH'] = env['rack.input'].size.to_s
  asked['headers'].each do |name, value|
    upper = name.upcase.tr('-', '_')
    variable = upper == 'CONTENT_TYPE' ? upper : "HTTP_#{upper}"
    text = value.encode('ISO-8859-1').force_encoding('UTF-8')
    env[variable] = env.key?(variable) ? "#{env[variable]}, #{text}" : text
  end
  env
end

def request_of(asked, controller)
  env = env_of(asked)
  return StandInRequest.new(env, controller) unless HAS_RAILS

  ActionDispatch::Request.new(env).tap do |request|
    request.controller_instance = controller
    def request.rack_request = Rack::Request.new(env)
  end
end

class ConcernController
  attr_reader :request, :response

  def initialize(request)
    @request = request
    @response = request.controller_instance.response
  end
end
ConcernController.include(SignatureVerification) if defined?(SignatureVerification)

# Other shapes: each takes away one thing that the hook goes by.
case ENV.fetch('STRANGE', nil)
when 'window' then SignedRequest.class_eval { alias_method(:in_time?, :matches_time_window?) && remove_method(:matches_time_window?) && def verified?(key) = in_time? && @signature.verified?(key) }
when 'initialize' then SignedRequest.class_eval { alias_method(:begin_with, :initialize) && def initialize(request, _more = nil) = begin_with(request) }
when 'constants' then StandInWindow.const_set(:CLOCK_SKEW_MARGIN, SignedRequest.send(:remove_const, :CLOCK_SKEW_MARGIN))
when 'signature' then SignedRequest::HttpSignature.class_eval { remove_method(:signed_headers) }
end

load ENV.fetch('HOOK') if ENV.key?('HOOK')
PorchlightHook.install if ENV.key?('HOOK')
$stdout.sync = true
puts JSON.generate({ ready: true, rails: HAS_RAILS, rfc9421: !defined?(TAKES_RFC9421) || TAKES_RFC9421 })

$stdin.each_line do |line|
  response = Response.new({})
  request = request_of(JSON.parse(line), Controller.new(response))
  answer =
    begin
      holds =
        if !defined?(SignatureVerification)
          SignedRequest.new(request).verified?($keypair)
        elsif SignatureVerification.method_defined?(:signed_request_actor)
          !ConcernController.new(request).signed_request_actor.nil?
        else
          ConcernController.new(request).verified?($keypair)
        end
      { status: holds ? 202 : 401 }
    rescue Mastodon::SignatureVerificationError, Mastodon::MalformedHeaderError => e
      { status: 401, why: e.message.scrub }
    rescue StandardError, NameError => e
      { status: 500, why: "#{e.class} #{e.message.scrub}" }
    end
  puts JSON.generate(answer.merge(judged: response.headers['Porchlight-Hook']))
end
