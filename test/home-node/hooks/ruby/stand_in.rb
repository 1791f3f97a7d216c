# frozen_string_literal: true

# Classes of the same shape as Mastodon's, for a machine without Mastodon: the same names, the same order of questions and the
# same window. `STAND_IN` says which release: 4.3 asks in a concern, 4.4 and later in a class, 4.6's library minds `expires`
# by itself. None of it is Mastodon's own text.

require 'base64'
require 'digest'
require 'openssl'
require 'time'

module Mastodon
  class SignatureVerificationError < StandardError; end
  class MalformedHeaderError < StandardError; end
end

# What draft-cavage needs, over a request that answers like Rails' own.
module StandInDraft
  private

  def signature_params
    @signature_params ||= given.headers['Signature'].scan(/(\w+)=(?:"([^"]*)"|(\d+))/).each_with_object({}) do |(name, text, number), params|
      raise Mastodon::SignatureVerificationError, 'duplicate keys' if params.key?(name)

      params[name] = text || number
    end
  end

  def signature_algorithm
    signature_params.fetch('algorithm', 'hs2019')
  end

  def signed_headers
    signature_params.fetch('headers', signature_algorithm == 'hs2019' ? '(created)' : 'date').downcase.split
  end

  def times
    created = signature_params['created'] if signature_algorithm == 'hs2019'
    date = given.headers['Date']
    made = created ? Time.at(created.to_i).utc : date && Time.httpdate(date).utc
    [made, signature_params['expires'] && Time.at(signature_params['expires'].to_i).utc]
  rescue ArgumentError
    raise Mastodon::SignatureVerificationError, 'Invalid Date header'
  end

  def holds?(key)
    raise Mastodon::SignatureVerificationError, 'digest' unless signed_headers.include?('digest')
    raise Mastodon::SignatureVerificationError, 'digest' unless given.headers['Digest'] == "SHA-256=#{Digest::SHA256.base64digest(given.raw_post)}"

    base = signed_headers.map do |name|
      value =
        case name
        when '(request-target)' then "#{given.request_method.downcase} #{given.original_fullpath}"
        when '(created)', '(expires)' then signature_params[name.delete('()')]
        else given.headers[name]
        end
      "#{name}: #{value}"
    end
    key.verify(OpenSSL::Digest.new('SHA256'), Base64.decode64(signature_params['signature'].to_s), base.join("\n"))
  end
end

# The window, asked by whoever includes it.
module StandInWindow
  private

  def in_window?(created, expires, rule)
    expires ||= created + 300 unless created.nil?
    expires = [expires, created + rule::EXPIRATION_WINDOW_LIMIT].min unless created.nil?
    return false if !created.nil? && created > Time.now.utc + rule::CLOCK_SKEW_MARGIN

    expires.nil? || Time.now.utc <= expires + rule::CLOCK_SKEW_MARGIN
  end
end

if ENV['STAND_IN'] == '4.3'
  module SignatureVerification
    EXPIRATION_WINDOW_LIMIT = 12 * 3600
    CLOCK_SKEW_MARGIN = 3600

    include StandInDraft
    include StandInWindow

    def verified?(key)
      raise Mastodon::SignatureVerificationError, 'outside acceptable time window' unless matches_time_window?

      holds?(key)
    end

    private

    def given
      request
    end

    %i(signature_params signature_algorithm signed_headers).each { |name| define_method(name) { super() } }
    private :signature_params, :signature_algorithm, :signed_headers

    def matches_time_window?
      in_window?(*times, SignatureVerification)
    end
  end
else
  class SignedRequest
    EXPIRATION_WINDOW_LIMIT = 12 * 3600
    CLOCK_SKEW_MARGIN = 3600

    include StandInWindow

    class HttpSignature
      include StandInDraft

      def initialize(request)
        @request = request
      end

      def created_time
        times.first
      end

      def expires_time
        times.last
      end

      def verified?(key)
        holds?(key)
      end

      private

      def given
        @request
      end

      %i(signature_params signature_algorithm signed_headers).each { |name| define_method(name) { super() } }
      private :signature_params, :signature_algorithm, :signed_headers
    end

    # As the library's: it cannot be changed, and what has expired it refuses by itself.
    StandInSignature = Struct.new(:parameters, :bytes, :text) do
      def expired?
        parameters.key?('expires') && Time.now.to_i > parameters['expires'].to_i
      end
    end

    class HttpMessageSignature
      def initialize(request)
        @request = request
        input = request.headers['Signature-Input'].match(/\Asig1=(.*)\z/m)
        signature = request.headers['Signature'].to_s.match(%r{\Asig1=:([A-Za-z0-9+/=]*):\z})
        raise Mastodon::SignatureVerificationError, 'not one signature' if input.nil? || signature.nil?

        parameters = input[1].scan(/;(created|expires)=(\d+)/).to_h
        @signature = StandInSignature.new(parameters.freeze, Base64.decode64(signature[1]), input[1]).freeze
      end

      def created_time
        Time.at(@signature.parameters['created'].to_i).utc
      end

      def expires_time
        Time.at(@signature.parameters['expires'].to_i).utc if @signature.parameters.key?('expires')
      end

      def verified?(key)
        raise Mastodon::SignatureVerificationError, 'expired' if ENV['STAND_IN'] == '4.6' && @signature.expired?

        digest = "sha-256=:#{Digest::SHA256.base64digest(@request.raw_post)}:"
        raise Mastodon::SignatureVerificationError, 'digest' unless @request.headers['Content-Digest'] == digest

        target = "https://#{@request.headers['Host']}#{@request.original_fullpath}"
        base = %("@method": #{@request.request_method}\n"@target-uri": #{target}\n"content-digest": #{digest}\n) +
               %("@signature-params": #{@signature.text})
        key.verify(OpenSSL::Digest.new('SHA256'), @signature.bytes, base)
      end
    end

    def initialize(request)
      @signature = request.headers['Signature-Input'].nil? ? HttpSignature.new(request) : HttpMessageSignature.new(request)
    end

    def verified?(key)
      raise Mastodon::SignatureVerificationError, 'outside acceptable time window' unless matches_time_window?

      @signature.verified?(key)
    end

    private

    def matches_time_window?
      in_window?(@signature.created_time, @signature.expires_time, SignedRequest)
    end
  end
end
